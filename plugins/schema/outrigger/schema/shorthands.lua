-- Shorthand fields: what an entity may say in a shorter or an older way, turned into its fields.

local table_tools = require "kong.tools.table"
local texts = require "outrigger.schema.texts"
local values = require "outrigger.schema.values"

local null = values.null

-- What the fields that replace a deprecated one say: by a function of the schema, or by a path.
local function replaced_value(replacement, data)
	local map_back = replacement.reverse_mapping_function
	return map_back and map_back(data) or values.follow(data, replacement.path)
end

-- Both the deprecated form and the one that replaces it may be given if they say the same.
local function compare_forms(name, definition, value, data)
	local replaced_with = definition.deprecation and definition.deprecation.replaced_with
	if value == null or not replaced_with then
		return nil
	end
	for _, replacement in ipairs(replaced_with) do
		local new = replaced_value(replacement, data)
		if new and new ~= null and not values.equal(new, value) then
			return texts.both_forms:format(name, tostring(value),
				table.concat(replacement.path, "."), tostring(new))
		end
	end
end

-- The second table wins, except where it says null.
local function merge_but_null(first, second)
	local merged = table_tools.table_merge(first)
	for key, value in pairs(second) do
		if merged[key] == nil or value ~= null then
			merged[key] = value
		end
	end
	return merged
end

-- A shorthand wins over the field that it stands for; a deprecated one loses.
local function merge_new(data, new, is_deprecated)
	for key, value in pairs(new) do
		local old = data[key]
		if old == null then
			old = nil
		end
		if type(value) == "table" then
			old = old or {}
			data[key] = is_deprecated and merge_but_null(value, old)
				or table_tools.table_merge(old, value)
		elseif not is_deprecated or old == nil then
			data[key] = value
		end
	end
end

-- Those of gateways before 3.0 are functions, without a type.
local function expand_old(self, data)
	for _, entry in ipairs(self.shorthands or {}) do
		local name, func = next(entry)
		local value = data[name]
		data[name] = nil
		for key, new in pairs(value ~= nil and func(value) or {}) do
			data[key] = new
		end
	end
end

local function expand_one(self, name, definition, data)
	local value = data[name]
	local ok, err = self:validate_field(definition, value)
	if not ok and err then
		return err
	end
	err = compare_forms(name, definition, value, data)
	if err then
		return err
	end
	data[name] = nil
	local new = definition.func(value)
	if new then
		merge_new(data, new, definition.deprecation)
	end
end

local function show_old(name, definition, data)
	local replaced_with = definition.deprecation and definition.deprecation.replaced_with
	local replacement = replaced_with and replaced_with[1]
	if not replacement then
		return
	elseif replacement.reverse_mapping_function then
		data[name] = replacement.reverse_mapping_function(data)
	else
		data[name] = values.follow(data, replacement.path)
	end
end

local shorthands = {}

-- Turns the shorthands in `data`, which it changes, into fields. Returns errors by name, or nil. What is
-- read shows the deprecated forms too, unless they are hidden.
function shorthands.expand(self, data, context, opts)
	local errors
	expand_old(self, data)
	for _, entry in ipairs(self.shorthand_fields or {}) do
		local name, definition = next(entry)
		local err = data[name] ~= nil and expand_one(self, name, definition, data)
		if err then
			errors = errors or {}
			errors[name] = err
		end
		if context == "select" and not (opts and opts.hide_shorthands) then
			show_old(name, definition, data)
		end
	end
	return errors
end

-- A gateway that knows a deprecated shorthand as a plain field has filled in the defaults of the fields that
-- replace it, without looking at it. Takes those away, so that the two forms don't contradict each other.
function shorthands.forget_defaults(record, data)
	for _, entry in ipairs(record.shorthand_fields or {}) do
		local name, definition = next(entry)
		local replaced_with = definition.deprecation and definition.deprecation.replaced_with
		local is_given = data[name] ~= nil and data[name] ~= null
		for _, replacement in ipairs(is_given and replaced_with or {}) do
			local path = table.concat(replacement.path, ".")
			local field = values.find_definition(record, path)
			if field and field.default ~= nil and
				values.equal(values.get_path(data, path), field.default) then
				values.set_path(data, path, nil)
			end
		end
	end
	for name, field in pairs(record.fields or {}) do
		if type(name) == "string" and field.type == "record" and type(data[name]) == "table" then
			shorthands.forget_defaults(field, data[name])
		end
	end
end

-- Whether a name that is no field is shown when the entity is read.
function shorthands.is_shown(self, name)
	for _, entry in ipairs(self.shorthand_fields or {}) do
		local definition = entry[name]
		local replaced_with = definition and definition.deprecation and
			definition.deprecation.replaced_with
		if replaced_with and replaced_with[1] then
			return true
		end
	end
	return false
end

return shorthands
