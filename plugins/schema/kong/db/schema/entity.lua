-- kong.db.schema.entity: schemas of what is stored. Their records are there in full, so a nested record
-- without `required` is required.

local Schema = require "kong.db.schema"
local cycle_aware_deep_copy = require("kong.tools.table").cycle_aware_deep_copy
local texts = require "outrigger.schema.texts"

local Entity = {}

local function require_records(field)
	if field.required == nil then
		field.required = true
	end
	for name, member in Schema.each_field(field) do
		if member.type == "record" and not member.fields then
			error(texts.abstract_record:format(name), 0)
		elseif member.type == "record" then
			require_records(member)
		end
	end
end

-- Leaves the definition as it is.
function Entity.new_subschema(schema, key, definition)
	definition = cycle_aware_deep_copy(definition)
	require_records(definition)
	definition.required = nil
	return Schema.new_subschema(schema, key, definition)
end

local function refuse(field)
	if field.nilable then
		return texts.nilable
	elseif field.type == "map" and not field.abstract and field.keys.type ~= "string" then
		return texts.map_keys
	elseif field.type == "function" and not field.abstract then
		return texts.functions
	end
end

-- A schema, or nil, err.
function Entity.new(definition)
	local self, err = Schema.new(definition)
	if not self then
		return nil, err
	end
	for name, field in self:each_field() do
		local text = refuse(field)
		if text then
			return nil, text:format(name)
		elseif field.type == "record" and not field.abstract then
			require_records(field)
		end
	end
	self.new_subschema = Entity.new_subschema
	return self
end

return Entity
