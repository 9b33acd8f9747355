-- kong.tools.sandbox: code from confs, kept from what it should not reach.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

function P:access()
	local sandbox = require "kong.tools.sandbox"
	local run = sandbox.sandbox

	check.equal(run("return 1 + 1")(), 2, "code")
	check.equal(run("return kong.x", { env = { kong = { x = 5 } } })(), 5, "what is given")
	check.equal(run("a = 1 return _G.a")(), 1, "globals of its own")
	check.equal(rawget(_G, "a"), nil, "globals of its own")
	for _, name in ipairs({ "io", "debug", "loadstring", "dofile", "setmetatable", "rawset", "ngx", "kong",
		"collectgarbage", "os.execute", "os.exit", "string.dump", "math.randomseed", "package" }) do
		check.equal(run("return " .. name)(), nil, name)
	end
	check.equal(run("return ('x'):rep(3) .. os.time() * 0 .. table.concat({1})")(), "xxx01", "what is harmless")
	check.raises(run("string.rep = nil"), "Can not modify string.rep", "modules")
	check.raises(run("require 'cjson'"), "require 'cjson' not allowed within sandbox", "require")
	check.raises(function()
		run("\27Lua")
	end, "binary chunk", "byte code")
	check.raises(function()
		run("return +")
	end, "", "bad code")

	check.equal(type(sandbox.parse("return function() end")), "function", "parse")
	check.equal(select(2, sandbox.validate_function("return 5")),
		"Bad return value from function, expected function type, got number", "no function")
	check.contains(select(2, sandbox.validate("x x")), "Error parsing function: ", "bad code")
	check.equal(sandbox.validate("return function() end"), true, "good code")
	check.equal(sandbox.validate_safe("error('is not run')"), true, "code that is not run")
	check.equal(sandbox.configuration.enabled, true, "the settings")
	check.finish()
end

return P
