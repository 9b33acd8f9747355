-- client.lua - kong.client

local phases = require "gateway.pdk.phases"
local uuid = require "gateway.uuid"

local NOT_INIT = phases.mask_of("init_worker")
local ACCESS = phases.mask_of("access")
local ROUTED = phases.routed

local function addresses(client)
	function client.get_ip()
		phases.check_not(NOT_INIT)
		return ngx.var.realip_remote_addr or ngx.var.remote_addr
	end

	function client.get_forwarded_ip()
		phases.check_not(NOT_INIT)
		return ngx.var.remote_addr
	end

	function client.get_port()
		phases.check_not(NOT_INIT)
		return tonumber(ngx.var.realip_remote_port or ngx.var.remote_port)
	end

	function client.get_forwarded_port()
		phases.check_not(NOT_INIT)
		return tonumber(ngx.var.remote_port)
	end
end

local function consumers(client, core)
	local function by_id(id)
		return core.entities.by_id.consumers[id]
	end

	function client.load_consumer(consumer_id, search_by_username)
		phases.check(ROUTED)
		if not consumer_id or type(consumer_id) ~= "string" then
			error("consumer_id must be a string", 2)
		end
		local is_id = uuid.is_valid(consumer_id)
		if not is_id and not search_by_username then
			error("cannot load a consumer with an id that is not a uuid", 2)
		end
		local found = is_id and by_id(consumer_id)
		if found then
			return found
		end
		if search_by_username then
			for _, consumer in ipairs(core.entities.consumers) do
				if consumer.username == consumer_id then
					return consumer
				end
			end
		end
		return nil
	end

	function client.get_consumer()
		phases.check(ROUTED)
		return ngx.ctx.authenticated_consumer
	end

	function client.get_credential()
		phases.check(ROUTED)
		return ngx.ctx.authenticated_credential
	end
end

local function is_table_or_nil(value)
	return value == nil or type(value) == "table"
end

local function authenticate(consumer, credential)
	phases.check(ACCESS)
	if not is_table_or_nil(consumer) then
		error("consumer must be a table or nil", 2)
	elseif not is_table_or_nil(credential) then
		error("credential must be a table or nil", 2)
	elseif credential == nil and consumer == nil then
		error("either credential or consumer must be provided", 2)
	end
	local ctx = ngx.ctx
	ctx.authenticated_consumer = consumer
	ctx.authenticated_credential = credential
end

local function is_https(trusted, allow_terminated)
	if ngx.var.scheme:lower() == "https" then
		return true
	end
	local scheme = allow_terminated and trusted and ngx.var.http_x_forwarded_proto
	if not scheme then
		return false
	end
	if scheme:find(",", 1, true) then
		return nil, "Only one X-Forwarded-Proto header allowed"
	end
	return scheme:lower() == "https"
end

return function(kong, core)
	local client = { authenticate = authenticate }
	addresses(client)
	consumers(client, core)

	function client.get_protocol(allow_terminated)
		phases.check(ROUTED)
		local route = ngx.ctx.route
		if not route then
			return nil, "No active route found"
		end
		if #route.protocols == 1 then
			return route.protocols[1]
		end
		local https, err = is_https(kong.ip.is_trusted(client.get_ip()), allow_terminated)
		if err then
			return nil, err
		end
		return https and "https" or "http"
	end

	return client
end
