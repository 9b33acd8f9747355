-- declarative.lua - a kong.yml (Kong's DB-less form, nested or flat) becomes
-- tables of entities with ids, defaults and references resolved.

local lyaml = require "lyaml"
local uuid = require "gateway.uuid"
local json = require "gateway.json"

-- The workspace of every DB-less gateway.
local WORKSPACE = "0dc6f45b-8f8d-40d2-a504-473544ee190b"

local SERVICE = { protocol = "http", port = 80, retries = 5, connect_timeout = 60000,
	write_timeout = 60000, read_timeout = 60000, enabled = true }
local ROUTE = { https_redirect_status_code = 426, strip_path = true, preserve_host = false,
	request_buffering = true, response_buffering = true, regex_priority = 0,
	path_handling = "v0" }
local PLUGIN = { enabled = true }
local PLUGIN_PROTOCOLS = { "grpc", "grpcs", "http", "https" }

-- What the file may hold, and what may be nested where.
local NESTED = {
	services = { "routes", "plugins" }, routes = { "plugins" }, consumers = { "plugins" },
	upstreams = { "targets" },
}
local SINGULAR = { services = "service", routes = "route", consumers = "consumer",
	upstreams = "upstream" }
local NAME_KEY = { services = "name", routes = "name", consumers = "username", upstreams = "name" }
local ORDER = { "services", "consumers", "upstreams", "routes", "plugins", "targets" }

local function defaults(entity, values)
	for key, value in pairs(values) do
		if entity[key] == nil then
			entity[key] = value
		end
	end
end

local function without_nulls(value)
	if type(value) ~= "table" then
		return value
	end
	for k, v in pairs(value) do
		if v == lyaml.null then
			value[k] = ngx.null
		else
			without_nulls(v)
		end
	end
	return value
end

-- Moves nested entities to the top level, each with a reference to its parent.
local function flatten(flat, kind, list)
	for _, entity in ipairs(list) do
		table.insert(flat[kind], entity)
		for _, child_kind in ipairs(NESTED[kind] or {}) do
			local children = entity[child_kind]
			entity[child_kind] = nil
			for _, child in ipairs(type(children) == "table" and children or {}) do
				child[SINGULAR[kind]] = entity
			end
			flatten(flat, child_kind, type(children) == "table" and children or {})
		end
	end
end

local function service_from_url(service)
	if not service.url then
		return
	end
	local scheme, host, path = service.url:match("^(%w+)://([^/]+)(.*)$")
	if not scheme then
		error("services: url: invalid value: " .. tostring(service.url), 0)
	end
	local port
	host, port = host:match("^(%[?[^%]]-%]?):?(%d*)$")
	service.url = nil
	service.protocol = scheme
	service.host = host
	service.port = tonumber(port) or scheme == "https" and 443 or 80
	service.path = path ~= "" and path or nil
end

local function find(flat, kind, reference)
	if type(reference) == "table" and reference.id == nil and not reference[NAME_KEY[kind]] then
		return nil
	end
	if type(reference) == "table" then
		reference = reference.id or reference[NAME_KEY[kind]]
	end
	for _, entity in ipairs(flat[kind]) do
		if entity.id == reference or entity[NAME_KEY[kind]] == reference then
			return entity
		end
	end
end

-- References become { id = ... }, as the gateway's entities have them.
local function resolve(flat, entity, kind)
	for other, field in pairs(SINGULAR) do
		local reference = entity[field]
		if reference ~= nil and reference ~= ngx.null then
			local target = type(reference) == "table" and reference.created_at and reference
				or find(flat, other, reference)
			if not target then
				error(("%s: invalid reference '%s' (no such entry in '%s')"):format(kind,
					tostring(type(reference) == "table" and reference.id or reference), other), 0)
			end
			entity[field] = { id = target.id }
		else
			entity[field] = nil
		end
	end
end

local function plugin_key(plugin)
	local function id(field)
		return plugin[field] and plugin[field].id or ""
	end
	return table.concat({ "plugins", "*", plugin.name, id "route", id "service", id "consumer" }, ":")
end

local function give_id(kind, entity)
	if entity.id then
		return
	end
	local key = kind == "plugins" and plugin_key(entity) or entity[NAME_KEY[kind]]
	entity.id = key and uuid.of_entity(kind, key) or uuid.v4()
end

local COMPLETE = {
	services = function(service)
		service_from_url(service)
		defaults(service, SERVICE)
		assert(service.host, "services: host: required field missing")
	end,
	routes = function(route)
		defaults(route, ROUTE)
		route.protocols = json.as_array(route.protocols or { "http", "https" })
	end,
	plugins = function(plugin)
		assert(plugin.name, "plugins: name: required field missing")
		defaults(plugin, PLUGIN)
		plugin.protocols = plugin.protocols or PLUGIN_PROTOCOLS
	end,
}

local function complete(flat, kind, now)
	for _, entity in ipairs(flat[kind]) do
		if COMPLETE[kind] then
			COMPLETE[kind](entity)
		end
		resolve(flat, entity, kind)
		give_id(kind, entity)
		entity.created_at = entity.created_at or now
		entity.updated_at = entity.updated_at or now
		if kind == "services" or kind == "routes" then
			entity.ws_id = WORKSPACE
		end
	end
end

local function build(document)
	local version = tostring(document._format_version or "")
	if not version:match("^[123]%.[01]$") then
		error("_format_version: expected \"3.0\"", 0)
	end
	local flat = {}
	for _, kind in ipairs(ORDER) do
		flat[kind] = {}
	end
	for _, kind in ipairs(ORDER) do
		flatten(flat, kind, type(document[kind]) == "table" and document[kind] or {})
	end
	local now = ngx.time()
	for _, kind in ipairs(ORDER) do
		complete(flat, kind, now)
	end
	return flat
end

local function decode(text)
	local ok, document = pcall(lyaml.load, text)
	if not ok then
		error("failed parsing declarative configuration: " .. tostring(document), 0)
	end
	if type(document) ~= "table" then
		error("failed parsing declarative configuration: expected an object", 0)
	end
	return without_nulls(document)
end

-- Tables by kind: services, routes, consumers, plugins, upstreams, targets; or nil
-- and an error.
local function parse(text)
	local ok, result = pcall(function()
		return build(decode(text))
	end)
	if not ok then
		return nil, result
	end
	return result
end

return { parse = parse, WORKSPACE = WORKSPACE, find = find }
