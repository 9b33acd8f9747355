-- Where a plugin's output goes: print is a log line, and standard output, which may be the answer
-- to the gateway's query_cmd, becomes standard error.

local core = require "outrigger.core"

local output = {}

local NOTICE = 6

function output.redirect()
	_G.print = function(...)
		core.log(NOTICE, ...)
	end
	io.stdout = io.stderr
	io.output(io.stderr)
	debug.sethook = function()
		error("debug.sethook is not available in Outrigger, which uses the hook itself", 2)
	end
end

return output
