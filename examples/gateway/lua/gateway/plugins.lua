-- plugins.lua - which plugins run for a request, with which configuration, in
-- which order.

local own_schema = require "gateway.own_schema"
local schema = require "gateway.schema"
local json = require "gateway.json"
local declarative = require "gateway.declarative"

local COLLECTED = { "response", "log" }
local GLOBAL = { "certificate", "rewrite", "response", "log" }

-- All handlers, by priority.
local handlers = {}
local by_name = {}

local function set_handlers(list)
	handlers, by_name = list, {}
	table.sort(handlers, function(a, b)
		if a.priority == b.priority then
			return a.name > b.name
		end
		return a.priority > b.priority
	end)
	for _, handler in ipairs(handlers) do
		by_name[handler.name] = handler
	end
end

local function compound(route, service, consumer)
	return (route or "") .. ":" .. (service or "") .. ":" .. (consumer or "")
end

local function id_of(plugin, field)
	return plugin[field] and plugin[field].id
end

local function next_seq()
	return ngx.shared.kong:incr("plugins_iterator:__seq__", 1, 0) or 0
end

-- What the plugin's handler gets: its fields, and the gateway's own beside them.
local function build_conf(plugin, config)
	local route, service, consumer = id_of(plugin, "route"), id_of(plugin, "service"),
		id_of(plugin, "consumer")
	config.route_id, config.service_id, config.consumer_id = route, service, consumer
	config.plugin_instance_name = plugin.instance_name
	config.__plugin_id = plugin.id
	config.__ws_id = declarative.WORKSPACE
	config.__key__ = table.concat({ "plugins", plugin.name, route or "", service or "",
		consumer or "", "", declarative.WORKSPACE }, ":")
	config.__seq__ = next_seq()
	return config
end

local function check_scope(handler, plugin)
	for _, entity in ipairs({ "route", "service", "consumer" }) do
		if plugin[entity] and handler["no_" .. entity] then
			return nil, ("schema violation (%s: value must be null)"):format(entity)
		end
	end
	return true
end

local function for_http(plugin)
	for _, protocol in ipairs(plugin.protocols) do
		if protocol:match("^http") or protocol:match("^grpc") then
			return plugin.enabled
		end
	end
	return false
end

-- By the schema that this gateway has itself, else by what its server has told.
local function complete(handler, plugin)
	if handler.own_schema then
		return own_schema.complete(handler.own_schema, plugin)
	end
	local config, errors = schema.fill_config(handler.schema, plugin.config)
	return config, not config and "schema violation (config: " .. json.encode(errors) .. ")" or nil
end

-- One plugin entity's configuration, or nil and why not.
local function configure(plugin)
	local handler = by_name[plugin.name]
	if not handler then
		return nil, ("plugin '%s' not enabled; add it to the 'plugins' configuration property")
			:format(plugin.name)
	end
	local ok, err = check_scope(handler, plugin)
	if not ok then
		return nil, err
	end
	local config
	config, err = complete(handler, plugin)
	if not config then
		return nil, err
	end
	return build_conf(plugin, config)
end

-- The table that the functions below take; nil and an error if an entity is wrong.
local function build(entities)
	local iterator = { combos = {}, globals = {} }
	for _, plugin in ipairs(entities.plugins) do
		local conf, err = configure(plugin)
		if not conf then
			return nil, ("in 'plugins': %s: %s"):format(plugin.name, err)
		end
		if for_http(plugin) then
			local combos = iterator.combos[plugin.name] or {}
			iterator.combos[plugin.name] = combos
			combos[compound(conf.route_id, conf.service_id, conf.consumer_id)] = conf
		end
	end
	for _, phase in ipairs(GLOBAL) do
		iterator.globals[phase] = {}
		for _, handler in ipairs(handlers) do
			local conf = iterator.combos[handler.name] and iterator.combos[handler.name][compound()]
			if conf and handler.phases[phase] then
				table.insert(iterator.globals[phase], { handler = handler, conf = conf })
			end
		end
	end
	return iterator
end

local function look_up(combos, route, service, consumer)
	return route and service and consumer and combos[compound(route, service, consumer)]
		or route and consumer and combos[compound(route, nil, consumer)]
		or service and consumer and combos[compound(nil, service, consumer)]
		or route and service and combos[compound(route, service)]
		or consumer and combos[compound(nil, nil, consumer)]
		or route and combos[compound(route)]
		or service and combos[compound(nil, service)]
		or combos[compound()]
end

local function conf_for(iterator, ctx, handler)
	local combos = iterator.combos[handler.name]
	if not combos then
		return nil
	end
	return look_up(combos, not handler.no_route and ctx.route and ctx.route.id,
		not handler.no_service and ctx.service and ctx.service.id,
		not handler.no_consumer and ctx.authenticated_consumer and ctx.authenticated_consumer.id)
end

-- Runs f(handler, conf) for the plugins of the access phase, and notes those of
-- the later phases. The configuration is looked up just before each plugin, since
-- an earlier one may have authenticated a consumer.
local function collect(iterator, ctx, f)
	ctx.plugins = {}
	for _, phase in ipairs(COLLECTED) do
		ctx.plugins[phase] = {}
	end
	for _, handler in ipairs(handlers) do
		local conf = conf_for(iterator, ctx, handler)
		if conf then
			for _, phase in ipairs(COLLECTED) do
				if handler.phases[phase] then
					table.insert(ctx.plugins[phase], { handler = handler, conf = conf })
					ctx.buffered_proxying = ctx.buffered_proxying or phase == "response" or nil
				end
			end
			if handler.phases.access then
				f(handler, conf)
			end
		end
	end
end

-- The plugins of a phase after access; of global ones only if access never ran.
local function collected(iterator, ctx, phase)
	if ctx.plugins then
		return ctx.plugins[phase]
	end
	return iterator.globals[phase]
end

return { set_handlers = set_handlers, build = build, collect = collect, collected = collected }
