-- instances.lua - the plugin instances that this nginx worker has started at the
-- plugin servers: one for each plugin entity, started at its first event and
-- started again when its configuration changes.

local SLEEP = 0.1
local MAX_WAITS = 100

-- By plugin id: { id, seq, plugin_id, name, rpc }; id is nil while it is started.
local running = {}
-- The last reset of a plugin that this worker has seen, by plugin name.
local resets_seen = {}

local function forget(test)
	for key, instance in pairs(running) do
		if test(instance) then
			running[key] = nil
		end
	end
end

local function forget_plugin(name)
	forget(function(instance)
		return instance.name == name
	end)
end

-- Every worker drops its instances of the plugin: this one now, others at their
-- next event.
local function reset(name)
	forget_plugin(name)
	local count = ngx.shared.kong:incr("gateway:resets:" .. name, 1, 0)
	resets_seen[name] = count
end

local function follow_resets(name)
	local count = ngx.shared.kong:get("gateway:resets:" .. name)
	if count and count ~= (resets_seen[name] or 0) then
		resets_seen[name] = count
		forget_plugin(name)
	end
end

-- Waits while another request starts the same instance.
local function wait_for_start(name, key)
	local waits = 0
	while running[key] and not running[key].id do
		ngx.sleep(SLEEP)
		waits = waits + 1
		if waits > MAX_WAITS then
			running[key] = nil
			return nil, "Could not claim instance_id for " .. name .. " (key: " .. key .. ")"
		end
	end
	return true
end

local function start(rpc, conf, key)
	local instance = running[key]
	local old_id = instance and instance.id
	if instance then
		instance.id = nil
	else
		instance = { seq = conf.__seq__ }
		running[key] = instance
	end
	local id, err = rpc:start_instance(conf)
	if id == nil then
		rpc.kong.log.err("starting instance: ", err)
		running[key] = nil
		error(err)
	end
	instance.id, instance.seq, instance.plugin_id = id, conf.__seq__, conf.__plugin_id
	instance.name, instance.rpc = rpc.name, rpc
	if old_id then
		rpc:close_instance(old_id)
	end
	return id
end

-- The id of the instance for a configuration; nil and an error after 10 s of
-- waiting; raises when it cannot be started.
local function claim(rpc, conf)
	local key = rpc.kong.plugin.get_id()
	follow_resets(rpc.name)
	local ok, err = wait_for_start(rpc.name, key)
	if not ok then
		return nil, err
	end
	local instance = running[key]
	if instance and instance.seq == conf.__seq__ and instance.plugin_id == key then
		return instance.id
	end
	return start(rpc, conf, key)
end

return {
	claim = claim,
	reset = reset,
	-- The server of this rpc object is a new one: it knows none of our instances.
	forget_server = function(rpc)
		forget(function(instance)
			return instance.rpc == rpc
		end)
	end,
}
