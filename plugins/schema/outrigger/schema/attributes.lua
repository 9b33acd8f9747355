-- What a schema may contain: the definition of definitions, in the schema language itself.
--
-- To add an attribute, add a row to `attributes`, what types may have it to `only_for`, and the gateway
-- version that first takes it to outrigger/schema_meta.

local json_schema = require "outrigger.schema.json_schema"

local attributes = {}

local TYPES = { "array", "boolean", "foreign", "function", "integer", "json", "map", "number", "record",
	"set", "string" }

local function array_of(definition)
	return { type = "array", elements = definition }
end

local function record(fields, more)
	local definition = more or {}
	definition.type, definition.fields = "record", fields
	return definition
end

-- Made anew for each use: elements, keys and values become required while they validate.
local function plain(name, more)
	local definition = more or {}
	definition.type = name
	return definition
end

local function required(name)
	return plain(name, { required = true })
end

local function strings()
	return array_of(plain "string")
end

local function matches()
	return array_of(record({ { pattern = required "string" }, { err = plain "string" } }))
end

-- A row for each of the names.
local function add(rows, type_name, names)
	for name in names:gmatch("%S+") do
		rows[#rows + 1] = { [name] = plain(type_name) }
	end
end

-- The attributes that validate a value.
local validators = {
	{ between = { type = "array", elements = plain "number", len_eq = 2 } },
	{ match_all = matches() }, { match_none = matches() },
	{ match_any = record({
		{ patterns = { type = "array", elements = plain "string", required = true } },
		{ err = plain "string" } }) },
	{ one_of = array_of(plain "any") }, { not_one_of = array_of(plain "any") },
	{ mutually_exclusive_subsets = array_of(strings()) },
}
add(validators, "any", "eq ne contains")
add(validators, "number", "gt")
add(validators, "integer", "len_eq len_min len_max")
add(validators, "string", "match not_match starts_with")
add(validators, "boolean", "is_regex timestamp uuid")
add(validators, "function", "custom_validator")

local json_document = { type = "any", custom_validator = json_schema.validate_schema }

local JSON_SCHEMA = record({
	{ namespace = { type = "string", one_of = { "proxy-wasm-filters" } } },
	{ parent_subschema_key = plain "string" }, { optional = plain "boolean" },
	{ inline = json_document }, { default = json_document },
}, { entity_checks = {
	{ at_least_one_of = { "inline", "namespace", "parent_subschema_key" } },
	{ mutually_required = { "namespace", "parent_subschema_key" } },
	{ mutually_exclusive_sets = { set1 = { "inline" },
		set2 = { "namespace", "parent_subschema_key", "optional" } } },
} })

local DEPRECATION = record({
	{ message = required "string" },
	{ removal_in_version = required "string" },
	{ old_default = plain "any" },
	{ replaced_with = array_of(record({
		{ path = { type = "array", len_min = 1, required = true, elements = plain "string" } },
		{ reverse_mapping_function = plain "function" },
	})) },
})

local others = {
	{ description = { type = "string", len_min = 10, len_max = 500 } },
	{ examples = array_of(plain "any") }, { default = plain "self" },
	{ on_delete = { type = "string", one_of = { "restrict", "cascade", "null" } } },
	{ json_schema = JSON_SCHEMA }, { deprecation = DEPRECATION },
}
add(others, "string", "reference err")
add(others, "boolean", "required auto unique unique_across_ws abstract generate_admin_api immutable")
add(others, "boolean", "encrypted referenceable transient legacy")

local function copy(from, more)
	local result = more or {}
	for key, value in pairs(from) do
		result[key] = value
	end
	return result
end

local function append_nilable(list, rows)
	for _, row in ipairs(rows) do
		local name, definition = next(row)
		list[#list + 1] = { [name] = copy(definition, { nilable = true }) }
	end
end

local UNIQUE_TOO = { { conditional = {
	if_field = "unique_across_ws", if_match = { eq = true },
	then_field = "unique", then_match = { eq = true, required = true } } } }

local function one_entry_maps(values)
	return array_of({ type = "map", keys = plain "string", values = values, required = true,
		len_eq = 1 })
end

-- The attributes of a field; the table is completed below with those that hold definitions again.
local field = { { type = { type = "string", one_of = TYPES, required = true } } }
append_nilable(field, others)
append_nilable(field, validators)

attributes.fields = one_entry_maps(record(field, { entity_checks = UNIQUE_TOO }))

local nested = { { elements = record(field) }, { keys = record(field) }, { values = record(field) } }

local condition = { { required = plain "boolean" } }
for _, rows in ipairs({ nested, validators }) do
	for _, row in ipairs(rows) do
		condition[#condition + 1] = row
	end
end

-- What both conditional checks have.
local function conditional(rows)
	rows[#rows + 1] = { if_field = plain "string" }
	rows[#rows + 1] = { if_match = record(condition) }
	rows[#rows + 1] = { then_err = plain "string" }
	return record(rows)
end

local checks = {
	{ at_least_one_of = strings() }, { only_one_of = strings() }, { distinct = strings() },
	{ mutually_required = strings() }, { mutually_exclusive = strings() },
	{ mutually_exclusive_sets = record({ { set1 = strings() }, { set2 = strings() } }) },
	{ conditional = conditional({ { then_field = plain "string" },
		{ then_match = record(condition) } }) },
	{ conditional_at_least_one_of = conditional({ { then_at_least_one_of = strings() },
		{ else_match = record(condition) }, { else_then_at_least_one_of = strings() },
		{ else_then_err = plain "string" } }) },
	{ custom_entity_check = record({ { field_sources = strings() }, { fn = plain "function" },
		{ run_with_missing_fields = plain "boolean" },
		{ run_with_invalid_fields = plain "boolean" } }) },
}

local check_names = {}
for i, row in ipairs(checks) do
	check_names[i] = next(row)
end
table.sort(check_names)

attributes.entity_checks = array_of(record(checks, {
	entity_checks = { { only_one_of = check_names } } }))
attributes.entity_checks.nilable = true

-- A shorthand is like a field of a plain type, with a function.
local function shorthand_attributes()
	local rows = copy(field)
	local types = {}
	for _, name in ipairs(TYPES) do
		if name ~= "record" and name ~= "foreign" and name ~= "function" then
			types[#types + 1] = name
		end
	end
	rows[1] = { type = { type = "string", one_of = types, required = true } }
	rows[#rows + 1] = { func = required "function" }
	-- taken by gateways from 3.6 to 3.8
	rows[#rows + 1] = { translate_backwards = { type = "array", nilable = true,
		elements = plain "string" } }
	return rows
end

attributes.shorthand_fields = one_entry_maps({ type = "record", entity_checks = UNIQUE_TOO })
attributes.shorthand_fields.nilable = true
-- the form of shorthands that gateways before 3.0 have
attributes.shorthands = one_entry_maps(plain "function")
attributes.shorthands.nilable = true

for _, row in ipairs(nested) do
	field[#field + 1] = row
end
for _, name in ipairs({ "fields", "entity_checks", "shorthand_fields", "shorthands" }) do
	field[#field + 1] = { [name] = attributes[name] }
end
attributes.shorthand_fields.elements.values.fields = shorthand_attributes()

attributes.transformations = array_of(record({
	{ input = strings() }, { needs = strings() },
	{ on_write = plain "function" }, { on_read = plain "function" },
}, { entity_checks = { { at_least_one_of = { "on_write", "on_read" } } } }))
attributes.transformations.nilable = true

local function by_name(rows)
	local result = {}
	for _, row in ipairs(rows) do
		local name, definition = next(row)
		result[name] = definition
	end
	return result
end

-- The definitions of each attribute of a field, and of each check's argument.
attributes.by_name = by_name(field)
attributes.checks = by_name(checks)

-- What a field of a type must declare.
attributes.parts = {
	array = { "elements" }, set = { "elements" }, map = { "keys", "values" },
	record = { "fields" }, json = { "json_schema" },
}

local function set(names)
	local result = {}
	for name in names:gmatch("%S+") do
		result[name] = true
	end
	return result
end

-- Attributes that only some types may have.
attributes.only_for = {
	between = set "integer number", len_eq = set "array set string map", match = set "string",
	is_regex = set "string", uuid = set "string", one_of = set "string number integer",
	contains = set "array set", timestamp = set "number integer",
	unique = set "string number integer foreign",
	unique_across_ws = set "string number integer foreign",
	abstract = set "string number integer record array set map", json_schema = set "json",
	transient = set "string number integer array set boolean", legacy = set "string",
}

return attributes
