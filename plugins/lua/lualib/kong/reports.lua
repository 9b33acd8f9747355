-- kong.reports: nothing is reported to anybody from here.

local function nothing() end

return setmetatable({ get_ping_value = nothing }, { __index = function()
	return nothing
end })
