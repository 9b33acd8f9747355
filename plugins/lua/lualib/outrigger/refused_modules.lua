-- Modules of OpenResty's that reach into nginx itself. Those on the disk would fail in obscure ways.

local PATTERNS = { "^ngx%.", "^resty%.core%.", "^resty%.core$" }

return function(name)
	for _, pattern in ipairs(PATTERNS) do
		if name:find(pattern) then
			return function()
				error(("module '%s' is not available in Outrigger: it is made of nginx"):format(name), 3)
			end
		end
	end
end
