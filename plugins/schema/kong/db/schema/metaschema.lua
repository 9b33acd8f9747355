-- kong.db.schema.metaschema: the schema of schemas: of entities, and as MetaSubSchema of plugins' confs.

local Schema = require "kong.db.schema"
local attributes = require "outrigger.schema.attributes"
local meta_checks = require "outrigger.schema.meta_checks"

local function optional(type_name, default)
	return { type = type_name, nilable = true, default = default }
end

local STRINGS = { type = "array", elements = { type = "string" } }

local function with_common(fields)
	fields[#fields + 1] = { fields = attributes.fields }
	for _, name in ipairs({ "entity_checks", "shorthand_fields", "shorthands", "transformations" }) do
		fields[#fields + 1] = { [name] = attributes[name] }
	end
	fields[#fields + 1] = { check = optional "function" }
	return fields
end

local NAME = { type = "string", required = true }

local MetaSchema = Schema.new({
	name = "metaschema",
	check = meta_checks.entity,
	fields = with_common({
		{ name = NAME },
		{ primary_key = { type = "array", elements = STRINGS.elements, required = true } },
		{ workspaceable = optional "boolean" }, { endpoint_key = optional "string" },
		{ cache_key = { type = "array", elements = STRINGS.elements, nilable = true } },
		{ ttl = optional "boolean" }, { db_export = optional("boolean", true) },
		{ subschema_key = optional "string" }, { subschema_error = optional "string" },
		{ generate_admin_api = optional("boolean", true) }, { admin_api_name = optional "string" },
		{ table_name = optional "string" }, { admin_api_nested_name = optional "string" },
		{ dao = optional "string" },
	}),
})

MetaSchema.MetaSubSchema = Schema.new({
	name = "metasubschema",
	check = meta_checks.fields,
	fields = with_common({ { name = NAME } }),
})

return MetaSchema
