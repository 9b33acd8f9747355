-- What is to be done before an event's last call to the gateway: on_end(fn), for events of which core.mark_end()
-- says that there is something.

local core = require "outrigger.core"

local functions = {}

core.on_end(function()
	for _, fn in ipairs(functions) do
		fn()
	end
end)

return function(fn)
	functions[#functions + 1] = fn
end
