-- The conf of an instance, as the gateway sends it: completed and validated by the plugin's whole schema.
--
-- The gateway has done so before, with what it knows of the schema: without its functions where it has the
-- dump only. What it adds to a conf is kept and is no field. Secrets are validated as the references that
-- stood for them, since a secret need not look like what a person may write.

local entities = require "outrigger.schema.entities"
local errors_text = require "outrigger.schema.errors_text"
local null = require "outrigger.null"
local shorthands = require "outrigger.schema.shorthands"

local Conf = {}
Conf.__index = Conf

-- What the gateway puts beside the fields of a conf.
local BESIDE = { route_id = "route", service_id = "service", consumer_id = "consumer",
	plugin_instance_name = "instance_name", consumer_group_id = false, ["$refs"] = false }

-- Entity checks may speak of these only: the rest of the entity stays with the gateway.
local KNOWN = { config = true, route = true, service = true, consumer = true, name = true,
	instance_name = true }

local function is_beside(name)
	return BESIDE[name] ~= nil or type(name) == "string" and name:sub(1, 2) == "__"
end

local function names_of(check)
	local name, argument = next(check)
	local names = {}
	local function add(value)
		if type(value) == "string" then
			names[#names + 1] = value
		end
		for _, item in ipairs(type(value) == "table" and value or {}) do
			names[#names + 1] = item
		end
	end
	if name == "custom_entity_check" then
		add(argument.field_sources)
	elseif name:find("^conditional") or name == "mutually_exclusive_sets" then
		for _, key in ipairs({ "if_field", "then_field", "then_at_least_one_of",
			"else_then_at_least_one_of", "set1", "set2" }) do
			add(argument[key])
		end
	else
		add(argument)
	end
	return names
end

local function is_answerable(check)
	for _, name in ipairs(names_of(check)) do
		if not KNOWN[name:match("^[^.]*")] then
			return false
		end
	end
	return true
end

local function keep_answerable(subschema)
	local kept = {}
	for _, check in ipairs(subschema.entity_checks or {}) do
		if is_answerable(check) then
			kept[#kept + 1] = check
		end
	end
	subschema.entity_checks = kept
end

-- For a plugin's schema that schema_check has found good.
function Conf.new(schema)
	local entity = assert(entities.with_plugin(schema.name, schema))
	local subschema = entity.subschemas[schema.name]
	keep_answerable(subschema)
	local empty = entity:process_auto_fields({ name = schema.name }, "insert")
	return setmetatable({ name = schema.name, entity = entity, fields = subschema.fields,
		protocols = empty.protocols }, Conf)
end

-- The fields of a conf, and what is beside them. A schema may have a field of such a name.
local function split(self, conf)
	local config, beside = {}, {}
	local own = self.fields.config and self.fields.config.fields or {}
	for name, value in pairs(conf) do
		local into = is_beside(name) and not own[name] and beside or config
		into[name] = value
	end
	return config, beside
end

-- Puts the references of "$refs" in the place of the secrets; `secrets` gets them by reference.
local function hide_secrets(config, refs, secrets)
	for name, reference in pairs(type(refs) == "table" and refs or {}) do
		local members = type(reference) == "table" and type(config[name]) == "table"
		for key, text in pairs(members and reference or { [name] = reference }) do
			local holder = members and config[name] or config
			if type(text) == "string" and holder[key] ~= nil then
				secrets[text] = holder[key]
				holder[key] = text
			end
		end
	end
	for _, value in pairs(config) do
		if type(value) == "table" then
			local inner = value["$refs"]
			value["$refs"] = nil
			hide_secrets(value, inner, secrets)
		end
	end
end

-- The plugin entity that has this conf.
local function make_entity(self, config, beside)
	local entity = { name = self.name, config = self.fields.config and config or nil,
		enabled = true, protocols = self.protocols }
	for key, field in pairs(BESIDE) do
		if field and beside[key] then
			entity[field] = key:find("_id$") and { id = beside[key] } or beside[key]
		end
	end
	return entity
end

local function without_config(self, config)
	local name = next(config)
	if self.fields.config or name == nil then
		return nil
	end
	return { config = { [name] = "unknown field" } }
end

-- As the gateway does between what it is sent and what a handler gets.
local function process(self, entity, secrets, opts)
	local schema = self.entity
	local completed, errors = schema:process_auto_fields(entity, "insert", nil, opts)
	if not completed then
		return nil, errors
	end
	local ok
	ok, errors = schema:validate_insert(completed, entity)
	if not ok then
		return nil, errors
	end
	for _, context in ipairs(opts and opts.transform == false and {} or { "insert", "select" }) do
		local err
		completed, err = schema:transform(completed, context == "insert" and entity or nil, context)
		if not completed then
			return nil, { ["@entity"] = { err } }
		end
	end
	return schema:process_auto_fields(completed, "select", false, {
		no_defaults = opts and opts.no_defaults,
		resolve = opts and opts.resolve or function(reference)
			local secret = secrets[reference]
			return secret == nil and reference or secret
		end,
	})
end

-- The conf that a handler gets, or nil and a table of errors, or a text when the schema's own functions
-- raise. `conf` is used up. Options: transform = false leaves the transformations out, no_defaults the defaults;
-- is_from_dump: a gateway that knows the dump has completed it; resolve(reference) gives the secrets of a conf
-- that comes with none.
function Conf:complete(conf, opts)
	local secrets = {}
	local config, beside = split(self, conf)
	hide_secrets(config, beside["$refs"], secrets)
	if opts and opts.is_from_dump then
		shorthands.forget_defaults(self.fields.config or {}, config)
	end
	local errors = without_config(self, config)
	if errors then
		return nil, errors
	end
	local ok, entity, err = pcall(process, self, make_entity(self, config, beside), secrets, opts)
	if not ok then
		return nil, "its schema can't validate it: " .. tostring(entity)
	elseif not entity then
		return nil, err
	end
	local completed = entity.config or {}
	beside["$refs"] = completed["$refs"]
	for name, value in pairs(beside) do
		if value ~= null then
			completed[name] = value
		end
	end
	return completed
end

-- More bytes than this of what is wrong with a conf can't be told: struct err holds 1024.
local TEXT_MAX = 900

-- Two functions for C, from a conf to the completed one, or nil, what is wrong as one text, and as an array of
-- texts: for a conf that the gateway sends, and for one that a person wrote. Where the plugin is split, the
-- gateway has completed and transformed what it sends: a field that isn't there was set to null.
function Conf.completers(schema, is_split)
	local conf_schema = Conf.new(schema)
	local function with(opts)
		return function(conf)
			local completed, errors = conf_schema:complete(conf, opts)
			if completed then
				return completed
			elseif type(errors) ~= "table" then
				return nil, errors, { errors }
			end
			return nil, errors_text.violation(errors, TEXT_MAX), errors_text.lines(errors)
		end
	end
	return with(is_split and { transform = false, no_defaults = true } or { is_from_dump = true }), with(nil)
end

return Conf
