-- The compiler, which our own code does without while a plugin loads: the plugin's code finds it on.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

local while_loading = jit and jit.status()

function P:access()
	check.equal(while_loading, jit and true, "while the handler loads")
	check.equal(jit and jit.status(), jit and true, "in an event")
end

return P
