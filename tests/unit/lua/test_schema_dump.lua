-- A schema becomes plain data, and every loss on the way has a note.

local null = newproxy()
_G.ngx = { null = null }

local check = require "check"
local json_encode = require "outrigger.json_encode"
local schema_dump = require "outrigger.schema_dump"

local function pass()
	return true
end

local function with_config(fields, more)
	local config = more or {}
	config.type, config.fields = "record", fields
	return { name = "p", fields = { { config = config } } }
end

local function one_field(field)
	return with_config({ { a = field } })
end

local function dump(schema, opts)
	local plain, notes = schema_dump.dump(schema, "p", opts)
	if not plain then
		return nil, notes
	end
	local lines = {}
	for i, entry in ipairs(notes) do
		lines[i] = schema_dump.note_text(entry)
	end
	return assert(json_encode.encode(plain)), table.concat(lines, "\n"), notes
end

local function config_json(fields)
	return '{"fields":[{"config":{"fields":[' .. fields .. '],"type":"record"}}],"name":"p"}'
end

local function becomes(field, expected, note, opts)
	local text, notes = dump(one_field(field), opts)
	check.equal(text, config_json('{"a":' .. expected .. "}"), expected)
	check.equal(notes, note or "", "note on " .. expected)
end

-- What survives.
becomes({ type = "string", required = true, match = "^%u+$" },
	'{"match":"^%u+$","required":true,"type":"string"}')
becomes({ type = "integer", between = { 0, 2147483646 }, default = 0 },
	'{"between":[0,2147483646],"default":0,"type":"integer"}')
becomes({ type = "foreign", reference = "routes", eq = null },
	'{"eq":null,"reference":"routes","type":"foreign"}')
becomes({ type = "string", default = null, ne = false },
	'{"default":null,"ne":false,"type":"string"}')
becomes({ type = "array", elements = { type = "string" }, default = {} },
	'{"default":[],"elements":{"type":"string"},"type":"array"}')
becomes({ type = "map", keys = { type = "string" }, values = { type = "number" }, default = {} },
	'{"default":{},"keys":{"type":"string"},"type":"map","values":{"type":"number"}}')
becomes({ type = "map", keys = { type = "string" }, values = { type = "array",
	elements = { type = "number" } }, default = { b = { 1 } } },
	'{"default":{"b":[1]},"keys":{"type":"string"},"type":"map",' ..
	'"values":{"elements":{"type":"number"},"type":"array"}}')
becomes({ type = "json", json_schema = { inline = { type = "object" } } },
	'{"json_schema":{"inline":{"type":"object"}},"type":"json"}')

-- What does not.
becomes({ type = "string", custom_validator = pass }, '{"type":"string"}',
	"config.a: custom_validator cannot cross to the gateway; " ..
	"there any value passes that passes the field's other rules")
becomes({ type = "array", elements = { type = "string", custom_validator = pass } },
	'{"elements":{"type":"string"},"type":"array"}',
	"config.a.elements: custom_validator cannot cross to the gateway; " ..
	"there any value passes that passes the field's other rules")
becomes({ type = "string", ne = pass }, '{"type":"string"}',
	"config.a.ne: is a function and cannot cross to the gateway; it is dropped there")

-- Versions.
local described = { type = "string", description = "ten letters", examples = { "x" } }
becomes(described, '{"description":"ten letters","examples":["x"],"type":"string"}')
becomes(described, '{"description":"ten letters","type":"string"}',
	"config.a: examples needs Kong 3.6; it is dropped for Kong 3.5", { kong_version = "3.5.0" })
becomes(described,
	'{"type":"string"}', "config.a: description needs Kong 3.4; it is dropped for " ..
	"Kong 2.8\nconfig.a: examples needs Kong 3.6; it is dropped for Kong 2.8",
	{ kong_version = "2.8" })
becomes({ type = "string", transient = true }, '{"transient":true,"type":"string"}', nil,
	{ kong_version = "3.10" })
becomes({ type = "number", between = { 0.001, 10.5 } }, '{"between":[0,11],"type":"number"}',
	"config.a: between takes whole numbers before Kong 3.4; 0.001 to 10.5 is widened",
	{ kong_version = "3.3" })
becomes({ type = "string", legacy = true }, '{"legacy":true,"type":"string"}', nil,
	{ kong_version = "2.8" })
becomes({ type = "string", legacy = true }, '{"type":"string"}',
	"config.a: legacy is unknown since Kong 2.9; it is dropped")

local deprecated = { type = "string", deprecation = { message = "m", removal_in_version = "4.0",
	replaced_with = { { path = { "b" }, reverse_mapping_function = pass } } } }
becomes(deprecated, '{"deprecation":{"message":"m","removal_in_version":"4.0",' ..
	'"replaced_with":[{"path":["b"]}]},"type":"string"}',
	"config.a.deprecation.replaced_with[1]: reverse_mapping_function cannot cross to the gateway; " ..
	"it is dropped")
becomes(deprecated, '{"deprecation":{"message":"m","removal_in_version":"4.0"},"type":"string"}',
	"config.a: deprecation.replaced_with needs Kong 3.8; it is dropped for Kong 3.7",
	{ kong_version = "3.7" })

-- Errors.
local function fails(schema, text, opts)
	local plain, err = dump(schema, opts)
	check.equal(plain, nil, text .. " is refused")
	check.contains(err, text, text)
end

fails({ name = "p" }, "schema violation (fields: required field missing)")
fails(one_field({ type = "number", between = { 0, math.huge } }),
	"config.a.between[2]: " .. tostring(math.huge) .. " is not a JSON number")
fails(one_field({ type = "number", default = 0 / 0 }), "is not a JSON number")
fails(one_field({ type = "function" }), "config.a: Entities cannot have function types.")
fails(one_field({ type = "json", json_schema = { inline = { type = "string" } } }),
	"config.a: field type 'json' needs Kong 3.5", { kong_version = "3.4" })
fails(one_field({ type = "string", one_of = { "a", [3] = "b" } }), "one_of: expected an array")
fails(one_field({ type = "string", eq = { "a", [3] = "b" } }), "config.a.eq: a table with")
fails({ name = "p", fields = { { config = { type = "json",
	json_schema = { inline = { type = "string" } } } } } },
	"config: a config of type 'json' needs Kong 3.9", { kong_version = "3.8" })
fails(one_field({ type = "string" }), "kong_version 'new' is no version", { kong_version = "new" })
local loop = {}
loop.again = loop
fails(one_field({ type = "string", eq = loop }), "config.a.eq.again: contains itself")

-- Entity checks.
local function checks_become(checks, expected, note)
	local schema = with_config({})
	schema.entity_checks = checks
	local text, notes = dump(schema)
	check.equal(text, "{" .. expected .. config_json(""):sub(2), "checks " .. expected)
	check.equal(notes, note or "", "note on checks " .. expected)
end

checks_become({ { only_one_of = { "config.a", "config.b" } } },
	'"entity_checks":[{"only_one_of":["config.a","config.b"]}],')
checks_become({ { custom_entity_check = { field_sources = { "config.a" }, fn = pass } } }, "",
	"entity_checks[1]: custom_entity_check of config.a cannot cross to the gateway; " ..
	"it is dropped there")
checks_become({ { conditional = { if_field = "a", if_match = { eq = null }, then_field = "b",
	then_match = { required = true } } } }, '"entity_checks":[{"conditional":{"if_field":"a",' ..
	'"if_match":{"eq":null},"then_field":"b","then_match":{"required":true}}}],')
checks_become({ { conditional = { if_field = "a", if_match = { custom_validator = pass },
	then_field = "b", then_match = { required = true } } } }, "",
	"entity_checks[1]: conditional: its condition uses a function that cannot cross to the " ..
	"gateway; the whole check is dropped there")
checks_become({ { conditional = { if_field = "a", if_match = {}, then_field = "b",
	then_match = { required = true, custom_validator = pass } } } },
	'"entity_checks":[{"conditional":{"if_field":"a","if_match":{},"then_field":"b",' ..
	'"then_match":{"required":true}}}],',
	"entity_checks[1].then_match.custom_validator: is a function and cannot cross to the gateway; " ..
	"it is dropped there")

-- Shorthand fields.
local function shorthand()
	return with_config({ { new = { type = "string" } } },
		{ shorthand_fields = { { old = { type = "string", func = pass, required = true } } } })
end

local text, notes = dump(shorthand())
check.equal(text, config_json('{"new":{"type":"string"}},{"old":{"type":"string"}}'),
	"shorthands are plain optional fields")
check.contains(notes, "config.old: shorthand field: its func cannot cross", "note on a shorthand")

-- Fields beside config.
local beside = { name = "p", fields = {
	{ instance_name = { type = "string" } }, { updated_at = { type = "integer" } } } }
text, notes = dump(beside, { kong_version = "3.2" })
check.equal(text, '{"fields":[{"instance_name":{"type":"string"}}],"name":"p"}', "fields for 3.2")
check.equal(notes, "updated_at: needs Kong 3.3; it is dropped for Kong 3.2", "note on updated_at")

-- The rest of the schema.
local whole = { name = "other", fields = {}, check = pass,
	transformations = { { on_write = pass }, { on_read = pass } } }
local _, list
text, notes, list = dump(whole)
check.equal(text, '{"fields":[],"name":"p"}', "functions of the schema are dropped")
check.contains(notes, "name: 'other' is served as 'p'", "note on the name")
check.equal(list[1].minor, true, "another name weakens nothing")
check.contains(notes, "transformations[2]: transformations cannot cross", "note on each")
check.contains(notes, "check: the schema's check function cannot cross", "note on check")
check.equal(list[4].minor, nil, "a lost check is not minor")

-- Options and originals.
local mine = newproxy()
local plain = schema_dump.dump(one_field({ type = "string", eq = null }), "p", { null = mine })
check.equal(plain.fields[1].config.fields[1].a.eq, mine, "null is the one asked for")
local original = one_field({ type = "string", custom_validator = pass })
dump(original)
check.equal(original.fields[1].config.fields[1].a.custom_validator, pass, "the schema is unchanged")

check.finish()
