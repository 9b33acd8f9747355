-- Parts of kong that Outrigger doesn't have. They are there, so that a plugin that only mentions them loads, and
-- say so when they are used.

local NAMES = {
	db = "the gateway's entities can't be reached yet",
	dns = "names are resolved by what connects",
	websocket = "the gateway's connections can't be reached",
	rpc = "the control plane can't be reached",
}

local function stub(name, why)
	local function refuse()
		error(("kong.%s is not available in Outrigger: %s"):format(name, why), 2)
	end
	local known = name == "db" and { strategy = "off" } or {}
	return setmetatable(known, { __index = refuse, __newindex = refuse, __call = refuse })
end

return function(kong)
	for name, why in pairs(NAMES) do
		if rawget(kong, name) == nil then
			kong[name] = stub(name, why)
		end
	end
end
