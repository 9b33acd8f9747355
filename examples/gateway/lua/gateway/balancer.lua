-- balancer.lua - where a request goes: a service's host and port, an upstream's
-- targets in turn, or what a plugin has set; with retries and timeouts.

local ngx_balancer = require "ngx.balancer"

-- Seconds that a looked up address is used.
local ADDRESS_TTL = 30
local DEFAULT_PORT = { http = 80, https = 443 }

local addresses = {}
local turns = {}

local function is_address(host)
	return host:match("^%d+%.%d+%.%d+%.%d+$") or host:match("^%[.*%]$")
end

-- nginx cannot resolve names through /etc/hosts, so the system does it here.
local function look_up(host)
	local known = addresses[host]
	if known and known.expires > ngx.now() then
		return known.address
	end
	if not host:match("^[%w%.%-_]+$") then
		return nil
	end
	local pipe = io.popen("getent ahostsv4 '" .. host .. "' 2>/dev/null")
	local line = pipe and pipe:read("*l")
	if pipe then
		pipe:close()
	end
	local address = line and line:match("^%S+")
	if address then
		addresses[host] = { address = address, expires = ngx.now() + ADDRESS_TTL }
	end
	return address
end

local function find_upstream(entities, name)
	for _, upstream in ipairs(entities.upstreams) do
		if upstream.name == name then
			return upstream
		end
	end
end

-- The next target of an upstream: "host:port" in turn.
local function next_target(entities, upstream)
	local targets = {}
	for _, target in ipairs(entities.targets) do
		if target.upstream and target.upstream.id == upstream.id then
			targets[#targets + 1] = target.target
		end
	end
	if #targets == 0 then
		return nil
	end
	local turn = (turns[upstream.id] or 0) + 1
	turns[upstream.id] = turn
	local host, port = targets[(turn - 1) % #targets + 1]:match("^(.-):?(%d*)$")
	return host, tonumber(port) or 8000
end

-- The record that plugins change (set_target and the like) before the request goes.
local function prepare(service)
	service = service or {}
	return {
		scheme = service.protocol or "http", host = service.host, port = service.port,
		try_count = 0, retries = service.retries or 5,
		connect_timeout = service.connect_timeout or 60000,
		send_timeout = service.write_timeout or 60000,
		read_timeout = service.read_timeout or 60000, tries = {},
	}
end

-- Fills in the address; nil, error and a status when there is none.
local function resolve(data, entities)
	local host, port = data.host, data.port
	local upstream = find_upstream(entities, host)
	if upstream then
		host, port = next_target(entities, upstream)
		if not host then
			return nil, "failure to get a peer from the ring-balancer", 503
		end
	end
	data.hostname = host
	data.ip = is_address(host) and host:gsub("[%[%]]", "") or look_up(host)
	data.port = port
	if not data.ip then
		return nil, "name resolution failed", 503
	end
	return true
end

-- The Host header, unless the route or a plugin has one already.
local function set_host_header(data)
	if (ngx.var.upstream_host or "") ~= "" then
		return
	end
	local host = data.host
	if data.port ~= DEFAULT_PORT[data.scheme] then
		host = host .. ":" .. data.port
	end
	ngx.var.upstream_host = host
end

local function now_ms()
	return math.floor(ngx.now() * 1000)
end

-- Runs in nginx's balancer phase, at each try.
local function execute(ctx)
	local data = ctx.balancer_data
	ctx.KONG_BALANCER_START = ctx.KONG_BALANCER_START or now_ms()
	data.try_count = data.try_count + 1
	local try = { balancer_start = now_ms(), balancer_start_ns = ngx.now() * 1e9, ip = data.ip,
		port = data.port }
	data.tries[data.try_count] = try
	if data.try_count == 1 then
		if data.retries > 0 then
			ngx_balancer.set_more_tries(data.retries)
		end
	else
		local previous = data.tries[data.try_count - 1]
		previous.state, previous.code = ngx_balancer.get_last_failure()
	end
	local ok, err = ngx_balancer.set_current_peer(data.ip, data.port)
	if not ok then
		ngx.log(ngx.ERR, "failed to set the current peer: ", err)
		return ngx.exit(500)
	end
	ngx_balancer.set_timeouts(data.connect_timeout / 1000, data.send_timeout / 1000,
		data.read_timeout / 1000)
	ngx.update_time()
	ctx.KONG_BALANCER_ENDED_AT = now_ms()
	ctx.KONG_BALANCER_TIME = ctx.KONG_BALANCER_ENDED_AT - ctx.KONG_BALANCER_START
	try.balancer_latency = ctx.KONG_BALANCER_ENDED_AT - try.balancer_start
	try.balancer_latency_ns = math.floor(ngx.now() * 1e9 - try.balancer_start_ns)
	ctx.KONG_PROXY_LATENCY = ctx.KONG_BALANCER_ENDED_AT - ctx.KONG_PROCESSING_START
end

return { prepare = prepare, resolve = resolve, set_host_header = set_host_header, execute = execute,
	find_upstream = find_upstream }
