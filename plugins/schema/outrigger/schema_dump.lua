-- A plugin's schema as the gateway can be told it: plain data without functions.
--
-- `dump` returns the plain schema and notes, one {path=, what=} for everything that was dropped or
-- changed; `minor` marks those that weaken no check. Options: null (the value that stands for JSON
-- null), kong_version ("2.8" .. "3.9", default 3.9).

local attributes = require "outrigger.schema.attributes"
local json_encode = require "outrigger.json_encode"
local meta = require "outrigger.schema_meta"
local null = require "outrigger.null"

local sorted_keys = meta.sorted_keys

local schema_dump = { check = require "outrigger.schema_check" }

local DEFAULT_VERSION = "3.9"
local OPENED_MATCH = "its condition uses a function that cannot cross to the gateway; " ..
	"the whole check is dropped there"

local dump_field, dump_fields, copy_value

local function join(path, key)
	return path == "" and key or path .. "." .. key
end

local function note(state, path, what, minor)
	state.notes[#state.notes + 1] = { path = path, what = what, minor = minor or nil }
end

local function fail(path, text)
	error({ schema_dump = path .. ": " .. text }, 0)
end

local function as_array(list)
	return setmetatable(list, json_encode.array_mt)
end

local function as_object(map)
	return setmetatable(map, json_encode.object_mt)
end

local function guarded(state, value, path, copy)
	if state.open[value] then
		fail(path, "contains itself, which JSON cannot say")
	end
	state.open[value] = true
	local result = copy()
	state.open[value] = nil
	return result
end

local function kind_of(value, empty_kind, path)
	local mt = getmetatable(value)
	if next(value) == nil and not (type(mt) == "table" and rawget(mt, "__jsontype")) then
		return empty_kind
	end
	local ok, kind = pcall(json_encode.kind, value)
	if not ok then
		fail(path, kind)
	end
	return kind
end

local function copy_table(state, value, path, empty_kind)
	local is_array = kind_of(value, empty_kind, path) == "array"
	local result = is_array and as_array({}) or as_object({})
	for _, key in ipairs(sorted_keys(value)) do
		local here = is_array and ("%s[%d]"):format(path, key) or join(path, key)
		local copy = copy_value(state, value[key], here, "object")
		if copy ~= nil and is_array then
			result[#result + 1] = copy
		else
			result[key] = copy
		end
	end
	return result
end

local function copy_number(value, path)
	if value ~= value or value == math.huge or value == -math.huge then
		fail(path, tostring(value) .. " is not a JSON number; use a finite bound or leave it out")
	end
	return value
end

-- A copy without what JSON cannot carry; nil when nothing is left. `empty_kind` says what an
-- empty table stands for.
copy_value = function(state, value, path, empty_kind)
	local kind = type(value)
	if value == state.null or value == null then
		return state.null
	elseif kind == "table" then
		return guarded(state, value, path, function()
			return copy_table(state, value, path, empty_kind)
		end)
	elseif kind == "number" then
		return copy_number(value, path)
	elseif kind == "string" or kind == "boolean" then
		return value
	end
	state.lost = state.lost + 1
	note(state, path, ("is a %s and cannot cross to the gateway; it is dropped there"):format(kind))
	return nil
end

-- Attributes that a gateway of this version refuses the schema for.
local function is_known_there(state, attribute, path)
	local since, last = meta.since[attribute], meta.until_version[attribute]
	if since and state.version < since then
		note(state, path, ("%s needs Kong %s; it is dropped for Kong %s"):format(
			attribute, meta.version_text(since), meta.version_text(state.version)), true)
		return false
	elseif last and state.version > last then
		note(state, path, ("%s is unknown since Kong %s; it is dropped"):format(
			attribute, meta.version_text(last + 1)), true)
		return false
	end
	return true
end

local copy_attribute = {}

function copy_attribute.custom_validator(state, _, path)
	state.lost = state.lost + 1
	note(state, path, "custom_validator cannot cross to the gateway; " ..
		"there any value passes that passes the field's other rules")
	return nil
end

function copy_attribute.type(state, name, path)
	if name == "json" and state.version < meta.since["type.json"] then
		fail(path, ("field type 'json' needs Kong %s"):format(
			meta.version_text(meta.since["type.json"])))
	elseif name == "function" then
		fail(path, "Entities cannot have function types.")
	end
	return name
end

-- Older gateways take whole numbers only.
function copy_attribute.between(state, bounds, path)
	local result = copy_value(state, bounds, join(path, "between"), "array")
	local low, high = tonumber(result[1]), tonumber(result[2])
	if state.version >= meta.since["between.fraction"] or not low or not high then
		return result
	elseif low % 1 ~= 0 or high % 1 ~= 0 then
		note(state, path, ("between takes whole numbers before Kong %s; %g to %g is widened"):format(
			meta.version_text(meta.since["between.fraction"]), low, high))
		result[1], result[2] = math.floor(low), math.ceil(high)
	end
	return result
end

local function copy_replacement(state, entry, path)
	if type(entry) ~= "table" or entry.reverse_mapping_function == nil then
		return copy_value(state, entry, path, "object")
	end
	note(state, path, "reverse_mapping_function cannot cross to the gateway; it is dropped", true)
	return as_object({ path = copy_value(state, entry.path, join(path, "path"), "array") })
end

function copy_attribute.deprecation(state, value, path)
	local result = as_object({})
	for _, key in ipairs(sorted_keys(value)) do
		local here = join(path, "deprecation." .. key)
		if key ~= "replaced_with" then
			result[key] = copy_value(state, value[key], here, "object")
		elseif is_known_there(state, "deprecation.replaced_with", path) then
			local list = {}
			for i, entry in ipairs(value[key]) do
				list[i] = copy_replacement(state, entry, ("%s[%d]"):format(here, i))
			end
			result[key] = as_array(list)
		end
	end
	return result
end

function copy_attribute.elements(state, field, path, name)
	return dump_field(state, field, join(path, name))
end

copy_attribute.keys = copy_attribute.elements
copy_attribute.values = copy_attribute.elements

local function names_of(list)
	return type(list) == "table" and table.concat(list, ", ") or "?"
end

-- A rule of a conditional check. Losing a function of its condition would make it stricter.
local function dump_conditional(state, name, argument, path)
	local before, notes = state.lost, #state.notes
	for _, key in ipairs({ "if_match", "else_match" }) do
		copy_value(state, argument[key] or {}, join(path, key), "object")
	end
	if state.lost > before then
		for i = #state.notes, notes + 1, -1 do
			state.notes[i] = nil
		end
		note(state, path, name .. ": " .. OPENED_MATCH)
		return nil
	end
	return copy_value(state, argument, path, "object")
end

local function dump_check(state, name, argument, path)
	if name == "custom_entity_check" then
		note(state, path, ("custom_entity_check of %s cannot cross to the gateway; " ..
			"it is dropped there"):format(names_of(argument.field_sources)))
		return nil
	elseif name == "conditional" or name == "conditional_at_least_one_of" then
		return dump_conditional(state, name, argument, path)
	end
	return copy_value(state, argument, path, attributes.checks[name].type == "array" and "array"
		or "object")
end

-- nil when no check is left.
local function dump_checks(state, checks, path)
	local result = as_array({})
	for i, entry in ipairs(checks) do
		local name, argument = next(entry)
		local copy = dump_check(state, name, argument, ("%s[%d]"):format(path, i))
		if copy ~= nil then
			result[#result + 1] = as_object({ [name] = copy })
		end
	end
	return #result > 0 and result or nil
end

function copy_attribute.entity_checks(state, checks, path)
	return dump_checks(state, checks, join(path, "entity_checks"))
end

local function has_field(fields, name)
	for _, entry in ipairs(fields) do
		if entry[name] ~= nil then
			return true
		end
	end
	return false
end

-- A shorthand without its function is a field: the gateway takes it, and the conf is converted here.
local function keep_shorthand(state, fields, name, definition, path)
	local plain = {}
	for attribute, value in pairs(definition) do
		plain[attribute] = value
	end
	plain.func, plain.required, plain.default, plain.deprecation = nil, nil, nil, nil
	plain.translate_backwards = nil
	fields[#fields + 1] = as_object({ [name] = dump_field(state, plain, path) })
	note(state, path, "shorthand field: its func cannot cross to the gateway; " ..
		"it is a plain optional field there, and Outrigger converts the conf", true)
end

local function drop_shorthands(state, list, path)
	for _, entry in ipairs(list or {}) do
		note(state, join(path, (next(entry))), "shorthand: a function that cannot cross to the " ..
			"gateway; there a conf that uses it is refused")
	end
end

-- Adds the shorthands of a record to the dumped `fields` of the same record. Those of gateways before 3.0
-- have no type.
local function dump_shorthands(state, record, fields, path)
	for _, entry in ipairs(record.shorthand_fields or {}) do
		local name, definition = next(entry)
		if not has_field(fields, name) then
			keep_shorthand(state, fields, name, definition, join(path, name))
		end
	end
	drop_shorthands(state, record.shorthands, path)
end

local EMPTY_KIND = { array = "array", set = "array", map = "object", record = "object" }

-- Attributes that are dumped with the fields of a record.
local ELSEWHERE = { fields = true, shorthand_fields = true, shorthands = true }

local function copy_plain(state, value, path, attribute, field_type)
	if attribute == "default" or attribute == "eq" or attribute == "ne" then
		return copy_value(state, value, join(path, attribute), EMPTY_KIND[field_type] or "object")
	end
	local is_list = attributes.by_name[attribute].type == "array"
	return copy_value(state, value, join(path, attribute), is_list and "array" or "object")
end

local function dump_attributes(state, field, path)
	local result = as_object({})
	for _, attribute in ipairs(sorted_keys(field)) do
		local copy = copy_attribute[attribute]
		if not ELSEWHERE[attribute] and is_known_there(state, attribute, path) then
			result[attribute] = (copy or copy_plain)(state, field[attribute], path, attribute,
				field.type)
		end
	end
	if field.fields then
		result.fields = dump_fields(state, field.fields, path)
		dump_shorthands(state, field, result.fields, path)
	end
	return result
end

dump_field = function(state, field, path)
	return guarded(state, field, path, function()
		return dump_attributes(state, field, path)
	end)
end

dump_fields = function(state, fields, path)
	local result = as_array({})
	for i, entry in ipairs(fields) do
		local name, field = next(entry)
		result[i] = as_object({ [name] = dump_field(state, field, join(path, name)) })
	end
	return result
end

local function note_functions(state, schema)
	for i = 1, #(schema.transformations or {}) do
		note(state, ("transformations[%d]"):format(i),
			"transformations cannot cross to the gateway; the conf is not transformed there")
	end
	if schema.check ~= nil then
		note(state, "check", "the schema's check function cannot cross to the gateway; " ..
			"it is dropped there")
	end
end

-- The fields beside config that a gateway of this version has; a conf of another form is no conf there.
local function known_fields(state, fields)
	local known = {}
	for _, entry in ipairs(fields) do
		local name, field = next(entry)
		local since = meta.field_since[name]
		if name == "config" and field.type == "json" and state.version < meta.since["config.json"] then
			fail(name, "a config of type 'json' needs Kong " ..
				meta.version_text(meta.since["config.json"]))
		elseif since and state.version < since then
			note(state, name, ("needs Kong %s; it is dropped for Kong %s"):format(
				meta.version_text(since), meta.version_text(state.version)))
		else
			known[#known + 1] = entry
		end
	end
	return known
end

local function dump_schema(state, schema, name)
	local result = as_object({ name = name })
	if schema.name ~= name then
		note(state, "name", ("'%s' is served as '%s'"):format(schema.name, name), true)
	end
	result.fields = dump_fields(state, known_fields(state, schema.fields), "")
	result.entity_checks = schema.entity_checks and
		dump_checks(state, schema.entity_checks, "entity_checks")
	drop_shorthands(state, schema.shorthand_fields, "")
	drop_shorthands(state, schema.shorthands, "")
	note_functions(state, schema)
	return result
end

local function new_state(opts)
	local text = opts.kong_version or DEFAULT_VERSION
	local version = meta.version_number(text)
	if not version then
		return nil, ("kong_version '%s' is no version; write it as 3.9"):format(tostring(text))
	end
	return {
		null = opts.null == nil and null or opts.null, version = version, notes = {}, open = {}, lost = 0,
	}
end

-- Returns the plain schema and the notes, or nil and an error text. `name` is the served name.
function schema_dump.dump(schema, name, opts)
	local ok, err = schema_dump.check(schema)
	if not ok then
		return nil, err
	end
	local state
	state, err = new_state(opts or {})
	if not state then
		return nil, err
	end
	local result
	ok, result = pcall(dump_schema, state, schema, name or schema.name)
	if ok then
		return result, state.notes
	elseif type(result) == "table" and result.schema_dump then
		return nil, result.schema_dump
	end
	return nil, tostring(result)
end

-- A note as one line for people.
function schema_dump.note_text(entry)
	return entry.path .. ": " .. entry.what
end

return schema_dump
