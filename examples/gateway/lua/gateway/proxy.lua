-- proxy.lua - what stands around the plugins of the access phase: the route is
-- found and the request for the upstream laid out before them, finished after.

local router = require "gateway.router"
local balancer = require "gateway.balancer"
local uri = require "gateway.uri"

local SERVER_NAME = "kong/3.9.1"

local function header(name)
	return ngx.var["http_" .. name]
end

local function path_of(request_uri)
	local query = request_uri:find("?", 2, true)
	return query and request_uri:sub(1, query - 1) or request_uri
end

local function request_facts(ctx)
	return { method = ngx.req.get_method(), host = ngx.var.host, path = path_of(ctx.request_uri),
		headers = ngx.req.get_headers() }
end

-- X-Forwarded-*: the client's word counts only from a trusted address.
local function forwarded(core, ctx, match)
	local trusted = core.kong.ip.is_trusted(ngx.var.realip_remote_addr)
	local function word(name)
		return trusted and header("x_forwarded_" .. name) or nil
	end
	local var = ngx.var
	local given_for = header("x_forwarded_for")
	var.upstream_x_forwarded_for = given_for and given_for .. ", " .. var.realip_remote_addr
		or var.remote_addr
	var.upstream_x_forwarded_proto = word("proto") or ctx.scheme
	var.upstream_x_forwarded_host = word("host") or var.host
	var.upstream_x_forwarded_port = word("port") or ctx.host_port or tonumber(var.server_port)
	var.upstream_x_forwarded_path = word("path") or path_of(ctx.request_uri)
	local prefix = match.prefix ~= "/" and match.prefix or nil
	var.upstream_x_forwarded_prefix = word("prefix") or prefix or ""
end

local function connection_headers(core)
	local var = ngx.var
	local websocket = (header("upgrade") or ""):lower() == "websocket"
	var.upstream_connection = websocket and "keep-alive, Upgrade" or "keep-alive"
	var.upstream_upgrade = websocket and "websocket" or ""
	local via = ngx.req.http_version() .. " " .. SERVER_NAME
	var.upstream_via = header("via") and header("via") .. ", " .. via or via
	if core.settings.enabled_headers_upstream["x-kong-request-id"] then
		var.upstream_request_id = var.kong_request_id
	end
end

-- Answers itself where the route does not want this protocol.
local function check_protocol(core, ctx, match)
	local only_https = true
	for _, protocol in ipairs(match.route.protocols) do
		only_https = only_https and protocol ~= "http"
	end
	if not only_https or ngx.var.upstream_x_forwarded_proto == "https" then
		return
	end
	local status = match.route.https_redirect_status_code
	if status ~= 426 then
		ngx.header["Location"] = "https://" .. ngx.var.upstream_x_forwarded_host .. ctx.request_uri
		return core.kong.response.exit(status)
	end
	return core.kong.response.error(426, "Please use HTTPS protocol",
		{ Connection = "Upgrade", Upgrade = "TLS/1.2, HTTP/1.1" })
end

local function route(core, ctx)
	ctx.scheme, ctx.request_uri = ngx.var.scheme, ngx.var.request_uri
	local match = router.find(ctx.entities, request_facts(ctx))
	if not match then
		return core.kong.response.error(404, "no Route matched with those values")
	end
	ctx.route, ctx.service = match.route, match.service
	ctx.balancer_data = balancer.prepare(match.service)
	ctx.router_matches = { uri_captures = match.captures }
	ngx.var.upstream_scheme = ctx.balancer_data.scheme
	ngx.var.upstream_uri = uri.escape(match.upstream_uri)
	ngx.var.upstream_host = match.route.preserve_host and ngx.var.http_host or ""
	forwarded(core, ctx, match)
	connection_headers(core)
	check_protocol(core, ctx, match)
end

-- Headers that concern one connection only are not passed on.
local function clear_hop_headers()
	for name in (header("connection") or ""):gmatch("[^%s,]+") do
		local lower = name:lower()
		if lower ~= "keep-alive" and lower ~= "close" and lower ~= "upgrade" then
			ngx.req.clear_header(name)
		end
	end
	if (header("te") or ""):find("trailers", 1, true) then
		ngx.var.upstream_te = "trailers"
	end
	ngx.req.clear_header("Proxy")
	ngx.req.clear_header("Proxy-Connection")
end

local function finish(core, ctx)
	local var = ngx.var
	if ctx.request_uri:sub(-1) == "?" or var.is_args == "?" then
		var.upstream_uri = var.upstream_uri .. "?" .. (var.args or "")
	end
	local data = ctx.balancer_data
	data.scheme = var.upstream_scheme
	local ok, err, status = balancer.resolve(data, ctx.entities)
	if not ok then
		return core.kong.response.error(status, err)
	end
	balancer.set_host_header(data)
	clear_hop_headers()
end

return { route = route, finish = finish }
