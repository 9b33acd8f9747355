-- What is not here says so when it is used, and not before; what Lua may lack is there.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

local function refused()
	check.raises(function()
		ngx.location.capture("/")
	end, "ngx.location.capture is not available in Outrigger", "a subrequest")
	check.raises(function()
		ngx.var.uri = "/"
	end, "ngx.var.uri can't be set", "a variable")
	check.raises(function()
		ngx.req.socket()
	end, "ngx.req.socket is not available in Outrigger", "the client's socket")
	for _, name in ipairs({ "ngx.pipe", "resty.core.ndk", "ngx.balancer", "ngx.no_such" }) do
		check.raises(function()
			require(name)
		end, "module '" .. name .. "' is not available in Outrigger", name)
	end
	for _, name in ipairs({ "kong.tools.grpc", "kong.llm.drivers.shared", "kong.db.dao", "kong.enterprise_edition.x" }) do
		check.raises(function()
			require(name)
		end, "no module in Outrigger: ", name)
		local _, text = pcall(require, name)
		check.equal(text:find("module '" .. name .. "' not found:\n\tno module in Outrigger", 1, true), 1,
			"the words that plugins look for, and the reason")
	end
	check.equal(select(2, pcall(require, "kong.plugins.x.y")):find("in Outrigger"), nil, "a plugin's own module")
	for path, text in pairs({
		["db.consumers"] = "kong.db is not available in Outrigger", ["dns.toip"] = "kong.dns is not available",
		["websocket.client"] = "kong.websocket is not available", ["rpc.call"] = "kong.rpc is not available" }) do
		local part, field = path:match("^(%w+)%.(%w+)$")
		check.raises(function()
			return kong[part][field]
		end, text, "kong." .. path)
	end
	check.raises(function()
		os.exit(0)
	end, "os.exit is not available in Outrigger", "os.exit")
end

local function extensions()
	local t = { 1, 2, a = 3 }
	check.equal(require("table.nkeys")(t), 3, "nkeys")
	check.equal(require("table.isempty")(t), false, "isempty")
	check.equal(require("table.isarray")(t), false, "isarray")
	check.equal(require("table.clone")(t).a, 3, "clone")
	require("table.clear")(t)
	check.equal(next(t), nil, "clear")
	check.equal(type(require("table.new")(1, 2)), "table", "new")
	local buffer = require("string.buffer").new()
	buffer:put("ab", 1):putf("%d%%", 5):put("rest")
	check.equal(buffer:get(3), "ab1", "a buffer's beginning")
	check.equal(tostring(buffer), "5%rest", "a buffer")
	check.equal(jit and #buffer or 6, 6, "its length, which PUC Lua asks no table for")
	check.equal(buffer:skip(2):get(), "rest", "its end")
	check.equal(buffer:set("x"):get() .. buffer:get(), "x", "set")
	check.equal(require("resty.core.utils").str_replace_char("a-b-c", "-", "_"), "a_b_c", "str_replace_char")
	check.truthy(require("resty.core.time").monotonic_time() > 0 and require("resty.core").version, "resty.core")
end

local function digests()
	for name, length in pairs({ md5 = 16, sha1 = 20, sha224 = 28, sha256 = 32, sha384 = 48, sha512 = 64 }) do
		local digest = require("resty." .. name):new()
		check.truthy(digest:update("a") and digest:update("bcd", 2), "update")
		check.equal(#digest:final(), length, name)
	end
	local md5, text = require("resty.md5"):new(), require "resty.string"
	md5:update("a")
	md5:update("bcd", 2)
	check.equal(text.to_hex(md5:final()), "900150983cd24fb0d6963f7d28e17f72", "the digest of abc")
	md5:reset()
	check.equal(text.to_hex(md5:final()), ngx.md5(""), "reset")
	check.equal(text.atoi("12x"), 12, "atoi")
	check.equal(#require("resty.random").bytes(16, true), 16, "random")
end

local function others()
	check.truthy(require("resty.core.shdict").version, "what resty.core would patch")
	require("ngx.req").add_header("x", 5)
	check.equal(asked()[1], "kong.service.request.add_header x 5", "ngx.req")
	require("ngx.resp").add_header("x", 5)
	check.equal(asked()[1], "kong.response.add_header x 5", "ngx.resp")
	check.equal(require("ngx.process").type(), "worker", "ngx.process")
	require("ngx.errlog").raw_log(ngx.ERR, "raw")
	check.contains(asked()[1], "kong.log.err test_ngx_refused.lua:", "ngx.errlog")
	check.equal(ngx.config.subsystem, "http", "ngx.config")
	check.equal(ngx.worker.count() + ngx.worker.id(), 1, "ngx.worker")
	check.raises(function()
		ngx.log(99, "x")
	end, "bad log level", "a bad level")
end

function P:access()
	refused()
	extensions()
	digests()
	others()
	check.finish()
end

return P
