-- From a definition, the table that a schema module returns, to a schema that can validate.

local cycle_aware_deep_copy = require("kong.tools.table").cycle_aware_deep_copy
local texts = require "outrigger.schema.texts"

-- Schemas by name, for foreign fields: as the last one of a name was made.
local by_name = {}

-- Fields are a list; with this they can be found by their names too, in nested records as well.
local function index_record(Schema, record, seen)
	if seen[record] then
		return
	end
	seen[record] = true
	for name, field in Schema.each_field(record) do
		record.fields[name] = field
		if field.type == "record" and field.fields then
			index_record(Schema, field, seen)
		end
	end
end

local function has_same_type(field, other)
	return (field and field.type) == (other and other.type)
end

-- Whether a subschema may put `field` in the place of the parent's.
local function is_compatible(parent, field)
	if parent.type == "record" and field.type == "json" then
		return true
	end
	return has_same_type(parent, field) and has_same_type(parent.elements, field.elements)
		and has_same_type(parent.keys, field.keys) and has_same_type(parent.values, field.values)
end

local function check_subschema(parent, key, subschema)
	for name, field in subschema:each_field() do
		local parent_field = parent.fields[name]
		if not parent_field then
			return nil, texts.new_field:format(key, name)
		elseif not is_compatible(parent_field, field) then
			return nil, texts.changed_type:format(key, name)
		end
	end
	for name, field in parent:each_field() do
		if field.abstract and field.required and not subschema.fields[name] then
			return nil, texts.not_specialised:format(key, name)
		end
	end
	return true
end

-- Called with overrides, a definition gives a table of them with its own keys filled in.
local define_mt = {
	__call = function(definition, overrides)
		local result = overrides or {}
		for key, value in pairs(definition) do
			if result[key] == nil then
				result[key] = value
			end
		end
		return result
	end,
}

local function resolve_foreign(field)
	field.schema = by_name[field.reference]
	if not field.schema then
		return nil, texts.bad_reference:format(tostring(field.reference))
	end
	return true
end

local function index_fields(Schema, self)
	for name, field in self:each_field() do
		self.fields[name] = field
		if field.type == "record" and field.fields then
			index_record(Schema, field, {})
		elseif field.type == "foreign" then
			local ok, err = resolve_foreign(field)
			if not ok then
				return nil, err
			end
		end
	end
	return true
end

return function(Schema)
	-- A schema of a copy of the definition; nil, err.
	function Schema.new(definition)
		if not definition then
			return nil, texts.no_definition
		elseif not definition.fields then
			return nil, texts.no_fields
		end
		local self = setmetatable(cycle_aware_deep_copy(definition), Schema)
		local ok, err = index_fields(Schema, self)
		if not ok then
			return nil, err
		end
		if self.name then
			by_name[self.name] = self
		end
		return self
	end

	-- Lets entities whose subschema_key says `key` have these fields. true, or nil, err.
	function Schema.new_subschema(self, key, definition)
		if not self.subschema_key then
			return nil, texts.no_subschemas:format(key, tostring(self.name))
		end
		local subschema, err = Schema.new(definition)
		if not subschema then
			return nil, err
		end
		local ok
		ok, err = check_subschema(self, key, subschema)
		if not ok then
			return nil, err
		end
		self.subschemas = self.subschemas or {}
		self.subschemas[key] = subschema
		return true
	end

	-- The subschema for this entity, or nil. Where its key is a set, that of the first member with one.
	function Schema:subschema_of(entity)
		local key = self.subschemas and self.subschema_key and entity[self.subschema_key]
		if type(key) ~= "table" then
			return key and self.subschemas[key] or nil
		end
		for _, name in ipairs(key) do
			if self.subschemas[name] then
				return self.subschemas[name]
			end
		end
		return nil
	end

	-- Iterates over names and definitions in order; those of the entity's subschema, if one is given.
	function Schema:each_field(entity)
		local subschema = entity and self:subschema_of(entity)
		local i = 0
		return function()
			i = i + 1
			if self.fields[i] then
				local name, field = next(self.fields[i])
				return name, subschema and subschema.fields[name] or field
			end
		end
	end

	-- `definition` itself, made callable.
	function Schema.define(definition)
		return setmetatable(definition, define_mt)
	end

	local of_record = setmetatable({}, { __mode = "k" })

	-- The schema of a record's definition.
	function Schema.schema_of(field)
		local schema = of_record[field]
		if not schema then
			schema = assert(Schema.new(field))
			of_record[field] = schema
		end
		return schema
	end

	function Schema:extract_pk_values(entity)
		local key = {}
		for _, name in ipairs(self.primary_key) do
			key[name] = entity[name]
		end
		return key
	end
end
