-- A bad schema is refused with the gateway's texts and the place of the fault.

_G.ngx = { null = newproxy() }

local check = require "check"
local schema_check = require "outrigger.schema_check"

local function with_config(fields, more)
	local config = more or {}
	config.type, config.fields = "record", fields
	return { name = "p", fields = { { config = config } } }
end

local function refused(schema, text, what)
	local ok, err = schema_check(schema)
	check.equal(ok, nil, what .. " is refused")
	check.contains(err, text, what)
end

local function field_refused(field, text, what)
	refused(with_config({ { a = field } }), "schema violation (config.a" .. text .. ")", what)
end

check.equal(schema_check(with_config({ { a = { type = "string" } } })), true, "a plain schema")
check.equal(schema_check({ name = "p", fields = {} }), true, "a schema without config")

refused(nil, "the schema module must return a table, got: nil", "nil")
refused({ fields = {} }, "schema violation (name: required field missing)", "no name")
refused({ name = 5, fields = {} }, "name: expected a string", "a number for a name")
refused({ name = "p" }, "schema violation (fields: required field missing)", "no fields")
refused({ name = "p", fields = { a = {} } }, "fields: expected an array", "a map of fields")
refused({ name = "p", fields = { 5 } }, "each entry in fields must be a sub-table", "a number")
refused({ name = "p", fields = { {} } }, "fields: field entry table is empty", "an empty entry")
refused({ name = "p", fields = { { { type = "string" } } } },
	"fields: expected a string", "an entry without name")
refused({ name = "p", fields = { { tags = 1 } } }, "tags: 'tags' must be a table", "no definition")
refused({ name = "p", fields = {}, no_consumer = true }, "no_consumer: unknown field", "an old key")
refused(with_config({ { a = { type = "string" }, b = { type = "string" } } }),
	": length must be 1", "two fields in one entry")
refused({ name = "p", fields = { { colour = { type = "string" } } } },
	"error in definition of 'p': colour: cannot create a new field", "a field beside config")
refused({ name = "p", fields = { { enabled = { type = "string" } } } },
	"error in definition of 'p': enabled: cannot change type in a specialized field", "a new type")

field_refused({}, ": missing type declaration", "no type")
field_refused({ type = "text" }, ".type: expected one of: array, boolean, foreign, function, " ..
	"integer, json, map, number, record, set, string", "an unknown type")
field_refused({ type = "array" }, ": field of type 'array' must declare 'elements'", "an array")
field_refused({ type = "record" }, ": field of type 'record' must declare 'fields'", "a record")
field_refused({ type = "json" }, ": field of type 'json' must declare 'json_schema'", "json")
field_refused({ type = "map", keys = { type = "string" } },
	": field of type 'map' must declare 'values'", "a map")
refused(with_config({ { a = { type = "set", elements = "string" } } }), "2 schema violations " ..
	"(config.a.elements: expected a record; config.a: 'elements' must be a table)", "elements")
field_refused({ type = "string", default = 5 }, ".default: expected a string", "a wrong default")
field_refused({ type = "string", description = "short" }, ".description: length must be at least 10",
	"a short description")
refused(with_config({ { a = { type = "string", unique_across_ws = true } } }),
	"config.a.unique: required field missing", "unique_across_ws alone")
field_refused({ type = "set", elements = {} }, ".elements: missing type declaration", "no type in")
field_refused({ type = "string", between = { 1, 2 } },
	": field of type 'string' cannot have attribute 'between'", "between for strings")
field_refused({ type = "string", requierd = true }, ".requierd: unknown field", "a typing error")
field_refused({ type = "string", required = "yes" }, ".required: expected a boolean", "a string")
field_refused({ type = "string", len_min = 1.5 }, ".len_min: expected an integer", "a fraction")
field_refused({ type = "string", one_of = "a" }, ".one_of: expected an array", "one_of")

refused(with_config({ { a = {} }, { b = {} } }), "2 schema violations (config.a: missing type " ..
	"declaration; config.b: missing type declaration)", "two faults")
refused(with_config({}, { entity_checks = { { at_most_one_of = { "a" } } } }),
	"config.entity_checks[1].at_most_one_of: unknown field", "an unknown check")
refused({ name = "p", fields = {}, entity_checks = { { only_one_of = "a" } } },
	"entity_checks[1].only_one_of: expected an array", "a check of a string")
refused({ name = "p", fields = {}, entity_checks = { {} } },
	"entity_checks[1]: exactly one of these fields must be non-empty", "an empty check")

refused(with_config({ { a = { type = "record", abstract = true } } }),
	"a: an abstract record must have fields here", "an abstract record")

local loop = { type = "array" }
loop.elements = loop
refused(with_config({ { a = loop } }),
	"config.a.elements: the definition contains itself", "a loop")

check.finish()
