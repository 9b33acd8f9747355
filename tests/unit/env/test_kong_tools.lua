-- kong.tools.*, but for the queue: the cases are what the gateway's own modules answer.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0", EVENTS = { "response" } }

local function list(t)
	return #t .. ":" .. table.concat(t, "|")
end

local function strings()
	local s = require "kong.tools.string"
	for _, case in ipairs({ { "a,b", "2:a|b" }, { "", "0:" }, { "a,", "2:a|" }, { ",a", "2:|a" }, { ",", "1:" },
		{ ",,", "3:||" }, { "a", "1:a" } }) do
		check.equal(list(s.split(case[1], ",")), case[2], "split " .. case[1])
	end
	check.equal(list(s.split("a,b,c", ",", 2)), "2:a|b,c", "split, at most two")
	check.equal(list(s.split(" a  b ")), "2:a|b", "split at white space")
	check.equal(list(s.split("a.b", ".")), "2:a|b", "split at a plain text")
	check.equal(s.join("-", { 1, "b" }), "1-b", "join")
	check.equal(s.bytes_to_str(5497558), "5497558", "bytes")
	check.equal(s.bytes_to_str(5497558, "m"), "5.24 MiB", "mebibytes")
	check.equal(s.bytes_to_str(5497558, "G", 3), "0.005 GiB", "gibibytes")
	check.raises(function()
		s.bytes_to_str(1, "x")
	end, "invalid unit 'x'", "a bad unit")
	check.equal(s.parse_ngx_size("12m"), 12 * 1024 * 1024, "a size")
	check.equal(s.parse_ngx_size("12"), 12, "a size without unit")
	check.equal(s.try_decode_base64("YQ=="), "a", "base64")
	check.equal(s.try_decode_base64("-_8"), "\251\255", "base64 of URLs")
	check.equal(s.try_decode_base64("!"), "!", "no base64")
	check.equal(list(s.try_decode_base64({ "YQ==", "!" })), "2:a|!", "base64 in a table")
	check.equal(s.replace_dashes("a-b-C"), "a_b_C", "dashes")
	check.equal(s.replace_dashes_lower("A-b"), "a_b", "dashes, lower case")
end

local function tables()
	local t = require "kong.tools.table"
	check.equal(t.null_aware_table_merge({ a = 1 }, { a = ngx.null, b = ngx.null }).a, 1, "null does not win")
	check.equal(t.is_array({ 1, 2 }), true, "an array")
	check.equal(t.is_array({ [2] = 1 }), false, "a gap")
	check.equal(t.is_array({ [2] = 1 }, "fast"), true, "a gap, fast")
	check.equal(t.is_array({ a = 1 }, "fast"), false, "no array")
	check.equal(t.is_array({ ["1"] = 1 }, "lapis"), true, "texts of numbers")
	check.equal(t.is_array("x"), false, "no table")
	local merged = t.deep_merge({ a = { b = 1, c = 2 } }, { a = { b = 3 }, d = { 4 } })
	check.equal(merged.a.b + merged.a.c + merged.d[1], 9, "a deep merge")
	local cyclic = { a = {} }
	cyclic.a.self = cyclic
	local copy = t.cycle_aware_deep_merge(cyclic, { b = { 1 } })
	check.truthy(copy.a.self == copy and copy ~= cyclic and copy.b[1] == 1, "a merge of a cycle")
	check.equal(list(t.concat({ 1, 2 }, {}, { 3 })), "3:1|2|3", "concat")
	local errors = t.add_error(t.add_error(t.add_error(nil, "a", "x"), "a", "y"), "b", "z")
	check.equal(list(errors.a) .. errors.b, "2:x|yz", "errors")
	check.equal(t.table_path({ a = { b = 5 } }, { "a", "b" }), 5, "a path")
	check.equal(t.table_path({}, { "a", "b" }), nil, "no path")
end

local function http()
	local h = require "kong.tools.http"
	check.equal(h.encode_args({ a = 1, b = { "x y", "&" }, c = { d = true }, e = ngx.null, f = "" }),
		"a=1&b%5b1%5d=x%20y&b%5b2%5d=%26&c%2ed=true&e=&f", "encode_args")
	check.equal(h.encode_args({ b = { "x y" } }, true), "b[1]=x y", "encode_args, raw")
	check.equal(h.encode_args({ b = { 1 } }, true, true), "b[]=1", "encode_args without indexes")
	local decoded = h.decode_args({ a = { ["1"] = "x", ["2"] = "y" }, b = "", c = "true", d = "false", e = "1" })
	check.equal(list(decoded.a), "2:x|y", "decode_args")
	check.truthy(decoded.b == ngx.null and decoded.c == true and decoded.d == false and decoded.e == "1",
		"decode_args")
	check.equal(h.get_default_exit_body(204, "x"), nil, "no body")
	check.equal(h.get_default_exit_body(502, "x").message, "Bad gateway", "a fixed body")
	check.equal(h.get_default_exit_body(404).message, "Not found", "a default body")
	check.equal(h.get_default_exit_body(200, "ok").message, "ok", "a message as body")
	check.equal(h.get_response_type("text/plain;q=0.3, text/html;q=0.7, */*;q=0.1"),
		"text/html; charset=utf-8", "the best type")
	check.equal(h.get_response_type({ "text/*", "nonsense" }), "text/plain; charset=utf-8", "a family")
	check.equal(h.get_response_type(nil), "application/json; charset=utf-8", "the default type")
	check.equal(h.get_mime_type("x/y", false), nil, "an unknown type")
	check.contains(h.get_error_template("text/html"):format("m", "i"), "<p>m.</p>", "a template")
	check.equal(select(2, h.get_error_template("x/y")), "no template found for MIME type x/y", "no template")
	local directives = h.parse_directive_header("Public, Max-Age=3600,  s-maxage=x, ")
	check.truthy(directives.public == true and directives["max-age"] == 3600 and directives["s-maxage"] == "x",
		"directives")
	check.equal(h.calculate_resource_ttl({ ["max-age"] = 5, ["s-maxage"] = 6 }), 6, "a ttl")
	answer("kong.response.get_header", "Thu, 18 Nov 2010 11:27:35 GMT")
	check.equal(h.calculate_resource_ttl({}), 0, "an old one")
end

local function times()
	local timestamp = require "kong.tools.timestamp"
	local stamps = timestamp.get_timestamps(1704164645678) -- 2024-01-02T03:04:05.678Z
	for field, expected in pairs({ second = 1704164645000, minute = 1704164640000, hour = 1704164400000,
		day = 1704153600000, month = 1704067200000, year = 1704067200000 }) do
		check.equal(stamps[field], expected, field)
	end
	check.equal(timestamp.get_timestamps(951825599).day, 951782400000, "seconds are taken as such, in a leap year")
	check.equal(timestamp.get_timetable(1704164645678).min, 4, "parts of a time")
	check.truthy(timestamp.get_utc() % 1000 == 0 and timestamp.get_utc_ms() >= timestamp.get_utc(), "now")
	check.equal(timestamp.timestamp_table_fields[1], "second", "fields")
	local time = require "kong.tools.time"
	check.truthy(time.get_now_ms() > 1e12 and time.time_ns() > 1e18 and time.get_updated_monotonic_ms() > 0,
		"clocks")
	check.equal(time.nginx_conf_time_to_seconds("1h 30m"), 5400, "a time of nginx")
	check.equal(time.nginx_conf_time_to_seconds("10"), 10, "a time of nginx without unit")
	check.raises(function()
		time.nginx_conf_time_to_seconds("x")
	end, "bad argument #1", "no time")
end

local function types()
	local m = require "kong.tools.mime_type"
	local function parsed(text)
		local kind, subtype, parameters = m.parse_mime_type(text)
		local names = {}
		for name, value in pairs(parameters or {}) do
			names[#names + 1] = name .. "=" .. value
		end
		table.sort(names)
		return kind and table.concat({ kind, subtype, unpack(names) }, " ") or "none"
	end
	for text, expected in pairs({ ["Application/JSON"] = "application json", ["*"] = "* *", ["*/*"] = "* *",
		['text/html; Charset=UTF-8 ; b="x;y"'] = "text html b=x;y charset=UTF-8", ["text"] = "none",
		["text/html;"] = "none", ["text/html; a"] = "none", ["a/b c"] = "none", [""] = "none",
		["application/problem+json;x=\"\\\"\""] = 'application problem+json x=\\"' }) do
		check.equal(parsed(text), expected, text)
	end
	local json, problem = { type = "application", subtype = "json" }, { type = "application",
		subtype = "problem+json" }
	check.equal(m.includes({ type = "*", subtype = "*" }, json), true, "all")
	check.equal(m.includes({ type = "application", subtype = "*" }, json), true, "a family")
	check.equal(m.includes(json, problem), true, "a suffix")
	check.equal(m.includes(problem, json), false, "no suffix")
	check.equal(m.includes({ type = "text", subtype = "*" }, json), false, "another family")
end

local function others()
	local uri = require "kong.tools.uri"
	for path, expected in pairs({ ["/a/./b/../c"] = "/a/c", ["/a/../../b"] = "/b", ["/%7e/%2f"] = "/~/%2F",
		["/a/b/.."] = "/a/", ["/."] = "/", ["//a//b"] = "//a//b", [""] = "", ["/"] = "/", ["a/../b"] = "/b",
		["./a"] = "a" }) do
		check.equal(uri.normalize(path), expected, "normalize " .. path)
	end
	check.equal(uri.normalize("//a//./b", true), "/a/b", "merged slashes")
	check.equal(uri.escape("/a b?\228%20"), "/a%20b?%E4%20", "escape")

	local uuid = require "kong.tools.uuid"
	local one = uuid.uuid()
	check.truthy(uuid.is_valid_uuid(one) and one ~= uuid.uuid() and one:sub(15, 15) == "4", "a uuid")
	check.equal(uuid.is_valid_uuid("x"), false, "no uuid")

	local rand = require "kong.tools.rand"
	check.equal(#rand.get_rand_bytes(33), 33, "random bytes")
	check.truthy(rand.random_string():match("^%w+$") and #rand.random_string() == 32, "a random text")

	local sha256 = require "kong.tools.sha256"
	check.equal(sha256.sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"SHA-256")
	check.equal(sha256.sha256_base64("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", "SHA-256, base64")
	check.equal(sha256.sha256_base64url("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0", "SHA-256, URLs")

	local gzip = require "kong.tools.gzip"
	local text = ("hello "):rep(10000)
	check.equal(gzip.inflate_gzip(gzip.deflate_gzip(text)), text, "gzip, there and back")
	check.equal(gzip.inflate_gzip("no gzip"), nil, "no gzip")
	check.equal(select(2, gzip.inflate_gzip(gzip.deflate_gzip(text):sub(1, 40))), "gzip data ends too early",
		"half of a gzip")

	local load_module = require("kong.tools.module").load_module_if_exists
	check.equal(load_module("kong.tools.uuid"), true, "a module")
	check.equal(load_module("no.such.module"), false, "no module")
	check.truthy(require("kong.tools.utils").uuid() and require("kong.tools.utils").table_merge, "utils")
	check.truthy(require("kong.tools.system").get_system_infos().cores > 0, "the system")
	check.equal(require("kong.tools.yield").in_yieldable_phase("init"), nil, "where nothing waits")
end

function P:response()
	for _, part in ipairs({ strings, tables, http, times, types, others }) do
		part()
	end
	check.finish()
end

return P
