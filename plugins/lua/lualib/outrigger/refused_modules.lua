-- Modules of OpenResty's that reach into nginx itself. Those on the disk would fail in obscure ways.

-- Those that only put functions into `ngx`, which are there already.
local DONE = {}
for _, name in ipairs({ "base64", "coroutine", "ctx", "exit", "hash", "misc", "phase", "regex", "request",
	"response", "shdict", "uri", "var", "worker" }) do
	DONE["resty.core." .. name] = true
end

local PATTERNS = { "^ngx%.", "^resty%.core%.", "^resty%.core$" }

return function(name)
	if DONE[name] then
		return function()
			return { version = "0.1.28" }
		end
	end
	for _, pattern in ipairs(PATTERNS) do
		if name:find(pattern) then
			return function()
				error(("module '%s' is not available in Outrigger: it is made of nginx"):format(name), 3)
			end
		end
	end
end
