-- service.lua - kong.service: where the request goes.

local phases = require "gateway.pdk.phases"
local balancer = require "gateway.balancer"

local ACCESS = phases.mask_of("access")
local PROXY = phases.mask_of("rewrite", "access", "balancer", "preread")
local MAX_TIMEOUT = 2147483646

local function is_integer(value)
	return type(value) == "number" and math.floor(value) == value
end

local function check_integer(what, value, min, max)
	if not is_integer(value) then
		error(what .. " must be an integer", 3)
	end
	if value < min or value > max then
		error(("%s must be an integer between %d and %d: given %s"):format(what, min, max, value), 3)
	end
end

local function set_target(host, port)
	phases.check(PROXY)
	if type(host) ~= "string" then
		error("host must be a string", 2)
	end
	check_integer("port", port, 0, 65535)
	ngx.var.upstream_host = host
	local data = ngx.ctx.balancer_data
	data.host, data.port = host, port
end

local function set_retries(retries)
	phases.check(ACCESS)
	check_integer("retries", retries, 0, 32767)
	ngx.ctx.balancer_data.retries = retries
end

local function set_timeouts(connect_timeout, write_timeout, read_timeout)
	phases.check(ACCESS)
	check_integer("connect_timeout", connect_timeout, 1, MAX_TIMEOUT)
	check_integer("write_timeout", write_timeout, 1, MAX_TIMEOUT)
	check_integer("read_timeout", read_timeout, 1, MAX_TIMEOUT)
	local data = ngx.ctx.balancer_data
	data.connect_timeout, data.send_timeout, data.read_timeout = connect_timeout, write_timeout,
		read_timeout
end

-- A TLS option of the upstream connection: checked, but without effect here.
local function tls_option(kind, text)
	return function(value)
		phases.check(PROXY)
		if type(value) ~= kind then
			error(text, 2)
		end
		return true
	end
end

local function set_tls_cert_key(chain, key)
	phases.check(PROXY)
	if type(chain) ~= "cdata" then
		error("chain must be a parsed cdata object", 2)
	elseif type(key) ~= "cdata" then
		error("key must be a parsed cdata object", 2)
	end
	return true
end

local function set_target_retry_callback(callback)
	phases.check(ACCESS)
	if type(callback) ~= "function" then
		error("retry_callback must be a function", 2)
	end
end

return function(_, core)
	local function set_upstream(host)
		phases.check(ACCESS)
		if type(host) ~= "string" then
			error("host must be a string", 2)
		end
		if not balancer.find_upstream(core.entities, host) then
			return nil, "could not find an Upstream named '" .. host .. "'"
		end
		ngx.ctx.balancer_data.host = host
		return true
	end

	return {
		set_upstream = set_upstream, set_target = set_target, set_retries = set_retries,
		set_timeouts = set_timeouts, set_tls_cert_key = set_tls_cert_key,
		set_target_retry_callback = set_target_retry_callback,
		set_tls_verify = tls_option("boolean", "argument must be a boolean"),
		set_tls_verify_depth = tls_option("number", "argument must be a number"),
		set_tls_verify_store = tls_option("table",
			"argument must be a resty.openssl.x509.store object"),
	}
end
