-- Parts of kong that Outrigger doesn't have yet. They are there, so that a plugin that only
-- mentions them loads, and say so when they are used.

local NAMES = { "db", "cache", "core_cache", "worker_events", "cluster_events", "timer", "dns",
	"websocket", "rpc" }

local function stub(name)
	local function refuse()
		error(("kong.%s is not available yet in Outrigger"):format(name), 2)
	end
	return setmetatable({}, { __index = refuse, __newindex = refuse, __call = refuse })
end

return function(kong)
	for _, name in ipairs(NAMES) do
		if rawget(kong, name) == nil then
			kong[name] = stub(name)
		end
	end
end
