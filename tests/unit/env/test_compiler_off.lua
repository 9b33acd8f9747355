-- A plugin that turns the compiler off has it off.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

if jit then
	jit.off()
end

function P:access()
	check.equal(jit and jit.status(), jit and false, "in an event")
end

return P
