-- ngx.ctx: the request's context in the gateway. What can't cross, functions say, stays here and is there in
-- the later phases of this plugin.

local core = require "outrigger.core"
local ctx = require "outrigger.ctx"
local gateway_table = require "outrigger.gateway_table"
local plain = require "outrigger.plain"

local staying = ctx.new(":ngx.ctx")

local function get(key)
	local value = kong.nginx.get_ctx(key)
	if value == nil then
		value = staying()[key]
	end
	return value
end

-- Whether the gateway has taken it. ProtoBuf has no form for a table that is a list and a map.
local function crosses(key, value)
	if type(key) ~= "string" or not plain.is(value) then
		return false
	elseif pcall(kong.nginx.set_ctx, key, value) then
		return true
	end
	kong.nginx.set_ctx(key, nil)
	return false
end

local function set(key, value)
	local kept = staying()
	if crosses(key, value) then
		if rawget(kept, key) ~= nil then
			kept[key] = nil
		end
	else
		kept[key] = value
	end
end

-- The functions of kong that write to the gateway's ngx.ctx, and where.
local writers = {
	{ "client.authenticate", "authenticated_consumer" },
	{ "client.authenticate", "authenticated_credential" },
	{ "client.tls.set_client_verify", "CLIENT_VERIFY_OVERRIDE" },
	{ "log.set_serialize_value", "serialize_values" },
	{ "service.request.enable_buffering", "buffered_proxying" },
	{ "service.set_retries", "balancer_data" },
	{ "service.set_target", "balancer_data" },
	{ "service.set_timeouts", "balancer_data" },
	{ "service.set_upstream", "balancer_data" },
}

-- Has note(...) called before kong.PATH(...).
local function before(path, note)
	local t = kong
	local name = path:gsub("([^.]+)%.", function(word)
		t = t[word]
		return ""
	end)
	local call = t[name]
	t[name] = function(...)
		note(...)
		return call(...)
	end
end

return function(ngx)
	local shared, forget = gateway_table("ngx.ctx", get, set)

	before("nginx.set_ctx", forget)
	for _, writer in ipairs(writers) do
		before(writer[1], function()
			forget(writer[2])
		end)
	end

	local outside = setmetatable({}, { __mode = "k" })

	local function find()
		if core.event() then
			return shared
		end
		local thread = core.thread()
		outside[thread] = outside[thread] or {}
		return outside[thread]
	end

	ngx.magic("ctx", find, function(values)
		if type(values) ~= "table" then
			error("ctx should be a table while getting a " .. type(values), 3)
		elseif not core.event() then
			outside[core.thread()] = values
			return
		end
		for key, value in pairs(values) do
			shared[key] = value
		end
	end)
end
