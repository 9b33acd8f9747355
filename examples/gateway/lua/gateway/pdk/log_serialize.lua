-- log_serialize.lua - everything about a request that is over, for log plugins.

local phases = require "gateway.pdk.phases"
local ngx_ssl = require "ngx.ssl"

local LOG = phases.mask_of("log")
local WITH_CTX = phases.mask_of("rewrite", "access", "header_filter", "response", "body_filter",
	"log")
local SOURCES = { service = "upstream", exit = "kong", error = "kong" }
local MODES = { set = true, add = true, replace = true }

local function set_value(key, value, options)
	phases.check(WITH_CTX)
	if type(key) ~= "string" then
		error("key must be a string", 2)
	end
	local mode = options and options.mode or "set"
	if not MODES[mode] then
		error("mode must be 'set', 'add' or 'replace'", 2)
	end
	local ctx = ngx.ctx
	ctx.serialize_values = ctx.serialize_values or {}
	table.insert(ctx.serialize_values, { key = key, value = value, mode = mode })
end

local function is_plain(value, seen)
	local kind = type(value)
	if value == nil or value == ngx.null or kind == "number" or kind == "string"
		or kind == "boolean" then
		return true
	end
	if kind ~= "table" or seen[value] then
		return false
	end
	seen[value] = true
	for key, item in pairs(value) do
		if type(key) == "table" or not is_plain(item, seen) then
			return false
		end
	end
	return true
end

-- The table that a dotted key's last word belongs to; nil if `create` is false and
-- a part of the way is missing.
local function walk(root, key, create)
	local node = root
	for word in key:gmatch("([^.]+)%.") do
		if node[word] == nil then
			if not create then
				return nil
			end
			node[word] = {}
		elseif type(node[word]) ~= "table" then
			error("The key '" .. key .. "' could not be used as a serialize value. Subkey '" .. word
				.. "' is not a table. It's " .. tostring(node[word]))
		end
		node = node[word]
	end
	return node
end

local function put(root, item)
	if not is_plain(item.value, {}) then
		error("value must be nil, a number, string, boolean or a non-self-referencial table "
			.. "containing numbers, string and booleans", 4)
	end
	local node = walk(root, item.key, item.mode ~= "replace")
	local last = item.key:match("[^.]*$")
	local exists = node and node[last] ~= nil
	if node and (item.mode == "set" or item.mode == "add" and not exists
		or item.mode == "replace" and exists) then
		node[last] = item.value
	end
end

local function authenticated_entity(ctx)
	local credential = ctx.authenticated_credential
	if credential == nil then
		return nil
	end
	return { id = credential.id, consumer_id = credential.consumer_id }
end

local function redacted(headers)
	for _, name in ipairs({ "authorization", "proxy-authorization" }) do
		if headers[name] ~= nil then
			headers[name] = "REDACTED"
		end
	end
	return headers
end

local function tls_info(override)
	local version = ngx_ssl.get_tls1_version_str()
	return version and { version = version, cipher = ngx.var.ssl_cipher,
		client_verify = override or ngx.var.ssl_client_verify } or nil
end

local function request_part(kong, ctx)
	local var = ngx.var
	local uri = ctx.request_uri or var.request_uri or ""
	return {
		id = var.kong_request_id or "", uri = uri,
		url = ("%s://%s:%s%s"):format(var.scheme, var.host, ctx.host_port or var.server_port, uri),
		querystring = kong.request.get_query(), method = kong.request.get_method(),
		headers = redacted(kong.request.get_headers()), size = tonumber(var.request_length),
		tls = tls_info(ctx.CLIENT_VERIFY_OVERRIDE),
	}
end

local function latencies(ctx)
	return {
		kong = ctx.KONG_PROXY_LATENCY or ctx.KONG_RESPONSE_LATENCY or 0,
		proxy = ctx.KONG_WAITING_TIME or -1,
		request = tonumber(ngx.var.request_time) * 1000,
		receive = ctx.KONG_RECEIVE_TIME or 0,
	}
end

local function upstream_uri(ctx)
	local uri = ngx.var.upstream_uri or ""
	if uri ~= "" and not uri:find("?", 1, true) then
		if (ctx.request_uri or ""):sub(-1) == "?" then
			return uri .. "?"
		elseif ngx.var.is_args == "?" then
			return uri .. "?" .. (ngx.var.args or "")
		end
	end
	return uri
end

local function serialize(kong)
	phases.check(LOG)
	local ctx, var = ngx.ctx, ngx.var
	local root = {
		request = request_part(kong, ctx),
		upstream_uri = upstream_uri(ctx),
		upstream_status = var.upstream_status or ctx.buffered_status or "",
		response = { status = ngx.status, headers = ngx.resp.get_headers(),
			size = tonumber(var.bytes_sent) },
		latencies = latencies(ctx),
		tries = ctx.balancer_data and ctx.balancer_data.tries,
		authenticated_entity = authenticated_entity(ctx),
		route = ctx.route, service = ctx.service, consumer = ctx.authenticated_consumer,
		client_ip = var.remote_addr, started_at = kong.request.get_start_time(),
		source = SOURCES[kong.response.get_source(ctx)],
		workspace = ctx.workspace, workspace_name = "default",
	}
	for _, item in ipairs(ctx.serialize_values or {}) do
		put(root, item)
	end
	return root
end

return { serialize = serialize, set_value = set_value }
