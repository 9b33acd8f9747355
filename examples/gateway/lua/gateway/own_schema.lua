-- own_schema.lua - a plugin's schema.lua on this gateway's Lua path, as `outrigger export` puts it there:
-- the whole schema language, functions included, by the modules of this repository that Outrigger has too.

local json = require "gateway.json"
local vault = require "gateway.vault_env"

local ROOT = debug.getinfo(1, "S").source:match("^@(.*)/examples/gateway/lua/gateway/[^/]*$")
local PATH = ROOT and ("%s/plugins/schema/?.lua;%s/plugins/schema/?/init.lua;%s/plugins/lua/lualib/?.lua")
	:gsub("%%s", (ROOT:gsub("%%", "%%%%")))

local SCOPES = { "route", "service", "consumer" }

-- Only modules of these names, and behind all others: the gateway has its own ngx, resty and cjson.
local function search(name)
	local file = name:match("^kong%.") or name:match("^outrigger%.")
	file = file and package.searchpath(name, PATH)
	return file and assert(loadfile(file))
end

local function open_modules()
	if not ROOT then
		error("the modules of plugins/schema are not there", 0)
	elseif not package.loaded["outrigger.array"] then
		package.loaded["outrigger.array"] = json.array_mt
		table.insert(package.loaders, search)
	end
end

local function is_there(module)
	return package.searchpath(module, package.path) ~= nil
end

-- The whole schema of a plugin; nil where there is none here. Raises what is wrong with it.
local function load(name)
	local folder = ("kong.plugins.%s."):format(name)
	if is_there(folder .. "handler") then
		error(("%shandler is on the Lua path, and Kong would run it in its own process: remove it")
			:format(folder), 0)
	elseif not is_there(folder .. "schema") then
		return nil
	end
	open_modules()
	local definition = require(folder .. "schema")
	local ok, err = require("outrigger.schema_check")(definition)
	if not ok then
		error(("error loading plugin schemas: on plugin '%s': %s"):format(name, err), 0)
	end
	return { definition = definition, conf = require("outrigger.schema.conf").new(definition) }
end

local function resolve(reference)
	return vault.get(reference) or ""
end

-- The configuration of a plugin entity, completed; or nil and what is wrong, a text. Uses plugin.config up.
local function complete(schema, plugin)
	local config = plugin.config or {}
	for _, scope in ipairs(SCOPES) do
		config[scope .. "_id"] = plugin[scope] and plugin[scope].id
	end
	local completed, errors = schema.conf:complete(config, { resolve = resolve })
	if completed then
		return completed
	elseif type(errors) ~= "table" then
		return nil, errors
	end
	return nil, require("outrigger.schema.errors_text").violation(errors)
end

return { load = load, complete = complete }
