-- init.lua - the phases of a request, as nginx calls them. This plays what Kong
-- does around its plugins; the plugins themselves are in plugin_server/.

local settings_file = require "gateway.settings"
local declarative = require "gateway.declarative"
local plugins = require "gateway.plugins"
local info = require "gateway.plugin_server.info"
local process = require "gateway.plugin_server.process"
local handler = require "gateway.plugin_server.handler"
local balancer = require "gateway.balancer"
local proxy = require "gateway.proxy"
local vault = require "gateway.vault_env"
local http_errors = require "gateway.http_errors"
local uuid = require "gateway.uuid"
local new_kong = require "gateway.pdk"
local phases = require "gateway.pdk.phases"

local PHASES = phases.bits
local SERVER_NAME = "kong/3.9.1"
local METHODS = { GET = ngx.HTTP_GET, HEAD = ngx.HTTP_HEAD, PUT = ngx.HTTP_PUT,
	POST = ngx.HTTP_POST, DELETE = ngx.HTTP_DELETE, OPTIONS = ngx.HTTP_OPTIONS,
	MKCOL = ngx.HTTP_MKCOL, COPY = ngx.HTTP_COPY, MOVE = ngx.HTTP_MOVE,
	PROPFIND = ngx.HTTP_PROPFIND, PROPPATCH = ngx.HTTP_PROPPATCH, LOCK = ngx.HTTP_LOCK,
	UNLOCK = ngx.HTTP_UNLOCK, PATCH = ngx.HTTP_PATCH, TRACE = ngx.HTTP_TRACE }

local gateway = {}
-- What all the parts share: settings, entities, iterator, version, kong.
local core = {}
-- ngx.ctx by $ctx_ref, since an internal redirect (error_page) loses it.
local stash = {}
local stash_count = 0

local function now_ms(updated)
	if updated then
		ngx.update_time()
	end
	return math.floor(ngx.now() * 1000)
end

local function index(entities)
	entities.by_id = {}
	for _, kind in ipairs({ "services", "routes", "consumers" }) do
		entities.by_id[kind] = {}
		for _, entity in ipairs(entities[kind]) do
			entities.by_id[kind][entity.id] = entity
		end
	end
	return entities
end

-- Takes over the text of a declarative file; nil and an error if it is wrong.
local function apply(text, version)
	local entities, err = declarative.parse(text)
	if not entities then
		return nil, err
	end
	local iterator
	iterator, err = plugins.build(entities)
	if not iterator then
		return nil, err
	end
	core.entities, core.iterator, core.version = index(entities), iterator, version
	return true
end

-- A configuration that was posted to another worker is taken over before use.
local function follow_config()
	local version = ngx.shared.kong:get("gateway:config_version")
	if version and version ~= core.version then
		local ok, err = apply(ngx.shared.kong_core_db_cache:get("gateway:config"), version)
		if not ok then
			ngx.log(ngx.ERR, "[kong] ", err)
			core.version = version
		end
	end
end

-- For the admin port: a new configuration for all workers.
function gateway.post_config(text)
	local version = (core.version or 0) + 1
	local ok, err = apply(text, version)
	if not ok then
		return nil, err
	end
	ngx.shared.kong_core_db_cache:set("gateway:config", text)
	ngx.shared.kong:set("gateway:config_version", version)
	return true
end

local function read_declarative(path)
	if not path then
		return "_format_version: '3.0'"
	end
	local file = assert(io.open(path, "r"))
	local text = file:read("*a")
	file:close()
	return text
end

local function load_handlers(settings, kong)
	local infos = assert(info.load(settings.pluginservers))
	local list, enabled = {}, {}
	for _, name in ipairs(settings.plugins) do
		enabled[name] = true
	end
	for name, plugin in pairs(infos) do
		if enabled[name] then
			list[#list + 1] = handler.new(plugin, kong)
		end
	end
	for name in pairs(enabled) do
		if name ~= "bundled" and not infos[name] then
			error(name .. " plugin is enabled but not installed;\n"
				.. "no plugin server answers for it", 0)
		end
	end
	return list
end

function gateway.init()
	vault.init()
	local settings = assert(settings_file.load(ngx.config.prefix():gsub("/$", "")))
	core.settings = settings
	core.kong = new_kong(core)
	ngx.shared.kong:delete("gateway:config_version")
	plugins.set_handlers(load_handlers(settings, core.kong))
	local text = read_declarative(settings.declarative_config)
	local ok, err = apply(text)
	if not ok then
		error("error parsing declarative config file " .. tostring(settings.declarative_config)
			.. ":\n" .. err, 0)
	end
end

local function report_memory()
	ngx.shared.kong:set("kong:mem:" .. ngx.worker.pid(), collectgarbage("count"))
end

function gateway.init_worker()
	report_memory()
	process.start_all(core.settings)
end

function gateway.exit_worker()
	process.stop_all()
	ngx.shared.kong:delete("kong:mem:" .. ngx.worker.pid())
end

local function keep_ctx(ctx)
	stash_count = stash_count + 1
	ngx.var.ctx_ref = tostring(stash_count)
	stash[tostring(stash_count)] = ctx
end

-- After an internal redirect to the error handler, the request's ctx comes back.
local function restore_ctx()
	local ctx = stash[ngx.var.ctx_ref or ""]
	if ctx and rawequal(ngx.ctx, ctx) == false then
		ngx.ctx = ctx
	end
	return ngx.ctx
end

local function enter_plugin(ctx, plugin, conf)
	ctx.KONG_NAMESPACES = { plugin = plugin }
	core.kong.set_log(plugin.name)
	ctx.plugin_id = conf.__plugin_id
end

local function leave_plugin(ctx)
	ctx.KONG_LOG = nil
end

local function run_list(ctx, list, phase)
	for _, entry in ipairs(list) do
		enter_plugin(ctx, entry.handler, entry.conf)
		entry.handler.phases[phase](entry.conf)
		leave_plugin(ctx)
	end
end

function gateway.rewrite()
	local ctx = ngx.ctx
	follow_config()
	ctx.KONG_PROCESSING_START = math.floor(ngx.req.start_time() * 1000 + 0.5)
	ctx.KONG_REWRITE_START = now_ms()
	ctx.KONG_PHASE = PHASES.rewrite
	ctx.iterator, ctx.entities = core.iterator, core.entities
	ctx.host_port = tonumber(ngx.var.server_port)
	ctx.workspace = declarative.WORKSPACE
	ngx.var.kong_request_id = uuid.random_hex(16)
	keep_ctx(ctx)
	run_list(ctx, ctx.iterator.globals.rewrite, "rewrite")
	ctx.KONG_REWRITE_ENDED_AT = now_ms(true)
	ctx.KONG_REWRITE_TIME = ctx.KONG_REWRITE_ENDED_AT - ctx.KONG_REWRITE_START
end

-- One plugin's access phase, in a coroutine of its own: kong.response.exit leaves
-- it for good, and an error in it is a 500 that later plugins do not see.
local function run_access(ctx, plugin, conf)
	if ctx.delayed_response then
		return
	end
	enter_plugin(ctx, plugin, conf)
	local co = coroutine.create(plugin.phases.access)
	local ok, err = coroutine.resume(co, conf)
	if not ok then
		core.kong.log.err(err)
		ctx.delayed_response = { status_code = 500,
			content = { message = "An unexpected error occurred" } }
		ctx.KONG_UNEXPECTED = true
	end
	leave_plugin(ctx)
end

local function end_access(ctx, answered)
	ctx.KONG_ACCESS_ENDED_AT = now_ms(true)
	ctx.KONG_ACCESS_TIME = ctx.KONG_ACCESS_ENDED_AT - ctx.KONG_ACCESS_START
	if answered then
		ctx.KONG_RESPONSE_LATENCY = ctx.KONG_ACCESS_ENDED_AT - ctx.KONG_PROCESSING_START
		ctx.buffered_proxying = nil
	end
end

local function send_delayed(ctx)
	ctx.delay_response = nil
	if ctx.delayed_response_callback then
		return ctx.delayed_response_callback(ctx)
	end
	local delayed = ctx.delayed_response
	return core.kong.response.error(delayed.status_code, delayed.content.message, delayed.headers)
end

function gateway.access()
	local ctx = ngx.ctx
	ctx.KONG_ACCESS_START = now_ms()
	ctx.KONG_PHASE = PHASES.access
	proxy.route(core, ctx)
	ctx.delay_response = true
	plugins.collect(ctx.iterator, ctx, function(plugin, conf)
		run_access(ctx, plugin, conf)
	end)
	if ctx.delayed_response then
		end_access(ctx, true)
		return send_delayed(ctx)
	end
	ctx.delay_response = nil
	if not ctx.service then
		end_access(ctx, true)
		return core.kong.response.error(503, "no Service found with those values")
	end
	proxy.finish(core, ctx)
	end_access(ctx, false)
	ctx.KONG_PROXIED = true
	if ctx.buffered_proxying and ngx.var.upstream_upgrade == "" then
		return gateway.response()
	end
	ctx.buffered_proxying = nil
end

local function note_buffered(ctx, res)
	ctx.KONG_PHASE = PHASES.response
	ctx.buffered_status, ctx.buffered_headers, ctx.buffered_body = res.status, res.header, res.body
	ctx.KONG_RESPONSE_START = now_ms()
	ctx.KONG_WAITING_TIME = ctx.KONG_RESPONSE_START
		- (ctx.KONG_BALANCER_ENDED_AT or ctx.KONG_ACCESS_ENDED_AT)
	ctx.KONG_PROXY_LATENCY = ctx.KONG_PROXY_LATENCY
		or ctx.KONG_RESPONSE_START - ctx.KONG_PROCESSING_START
end

-- Buffered proxying: the upstream is asked by a subrequest, its answer copied,
-- and the response plugins may change it before it goes out.
function gateway.response()
	local ctx, kong = ngx.ctx, core.kong
	ngx.req.read_body()
	local options = { always_forward_body = true, share_all_vars = true,
		method = METHODS[ngx.req.get_method()], ctx = ctx }
	local res = ngx.location.capture("/kong_buffered_http", options)
	if res.truncated and options.method ~= ngx.HTTP_HEAD then
		ctx.KONG_PHASE = PHASES.error
		ngx.status = res.status or 502
		return gateway.send_error(ctx)
	end
	note_buffered(ctx, res)
	kong.response.set_status(res.status)
	kong.response.set_headers(res.header)
	run_list(ctx, plugins.collected(ctx.iterator, ctx, "response"), "response")
	ctx.KONG_RESPONSE_ENDED_AT = now_ms(true)
	ctx.KONG_RESPONSE_TIME = ctx.KONG_RESPONSE_ENDED_AT - ctx.KONG_RESPONSE_START
	ngx.print(res.body)
	ngx.exit(res.status)
end

function gateway.balancer()
	ngx.ctx.KONG_PHASE = PHASES.balancer
	balancer.execute(ngx.ctx)
end

local function proxied_headers(ctx, on)
	local header = ngx.header
	if on.upstream_status then
		header["X-Kong-Upstream-Status"] = ctx.buffered_status
			or tonumber((ngx.var.upstream_status or ""):sub(-3)) or ngx.status
	end
	if on.upstream_latency then
		header["X-Kong-Upstream-Latency"] = ctx.KONG_WAITING_TIME
	end
	if on.proxy_latency then
		header["X-Kong-Proxy-Latency"] = ctx.KONG_PROXY_LATENCY
	end
	if on.via then
		local via = ngx.var.upstream_http_via
		header["Via"] = (via and via .. ", " or "") .. "1.1 " .. SERVER_NAME
	end
	if on.server and not header["Server"] then
		header["Server"] = SERVER_NAME
	end
end

local function own_headers(ctx, on)
	if on.response_latency then
		ngx.header["X-Kong-Response-Latency"] = ctx.KONG_RESPONSE_LATENCY
	end
	ngx.header["Server"] = on.server and SERVER_NAME or nil
end

local function note_latency(ctx)
	local start = ctx.KONG_RESPONSE_START or ctx.KONG_HEADER_FILTER_START
	if ctx.KONG_PROXIED then
		ctx.KONG_WAITING_TIME = ctx.KONG_WAITING_TIME
			or start - (ctx.KONG_BALANCER_ENDED_AT or ctx.KONG_ACCESS_ENDED_AT)
		ctx.KONG_PROXY_LATENCY = ctx.KONG_PROXY_LATENCY or start - ctx.KONG_PROCESSING_START
	else
		ctx.KONG_RESPONSE_LATENCY = ctx.KONG_RESPONSE_LATENCY or start - ctx.KONG_PROCESSING_START
	end
end

function gateway.header_filter()
	local ctx = restore_ctx()
	local on = core.settings.enabled_headers
	ctx.KONG_PROCESSING_START = ctx.KONG_PROCESSING_START
		or math.floor(ngx.req.start_time() * 1000 + 0.5)
	ctx.KONG_HEADER_FILTER_START = ctx.KONG_HEADER_FILTER_START or now_ms()
	note_latency(ctx)
	ctx.KONG_PHASE = PHASES.header_filter
	if ctx.KONG_PROXIED then
		proxied_headers(ctx, on)
	else
		own_headers(ctx, on)
	end
	local request_id = ngx.var.kong_request_id or ""
	if on.request_id and request_id ~= "" then
		ngx.header["X-Kong-Request-Id"] = request_id
	end
end

function gateway.body_filter()
	local ctx = restore_ctx()
	ctx.KONG_PHASE = PHASES.body_filter
	ctx.KONG_BODY_FILTER_START = ctx.KONG_BODY_FILTER_START or now_ms()
	if ngx.arg[2] then
		ctx.KONG_BODY_FILTER_ENDED_AT = now_ms(true)
		if ctx.KONG_PROXIED then
			ctx.KONG_RECEIVE_TIME = ctx.KONG_BODY_FILTER_ENDED_AT
				- (ctx.KONG_RESPONSE_START or ctx.KONG_HEADER_FILTER_START)
		end
	end
end

function gateway.log()
	local ctx = restore_ctx()
	ctx.KONG_LOG_START = now_ms()
	ctx.KONG_PHASE = PHASES.log
	run_list(ctx, plugins.collected(ctx.iterator or core.iterator, ctx, "log"), "log")
	stash[ngx.var.ctx_ref or ""] = nil
	report_memory()
end

-- The answer for a status that nginx or an error in Lua has set.
function gateway.send_error(ctx)
	local kong = core.kong
	local status = ngx.status
	local message = http_errors.message(status)
	local accept = kong.request.get_header("Accept") or kong.request.get_header("Content-Type")
		or core.settings.error_default_type
	local content_type = http_errors.content_type_for(accept)
	ctx.buffered_proxying, ctx.delay_response, ctx.delayed_response = nil, nil, nil
	return kong.response.exit(status == 494 and 400 or status,
		http_errors.body(content_type, message, ngx.var.kong_request_id or ""),
		{ ["Content-Type"] = content_type })
end

function gateway.handle_error()
	local ctx = restore_ctx()
	ctx.KONG_PHASE = PHASES.error
	ctx.KONG_UNEXPECTED = true
	return gateway.send_error(ctx)
end

return gateway
