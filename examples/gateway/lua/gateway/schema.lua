-- schema.lua - a plugin's configuration against the schema that its server
-- dumped: types and required fields are checked, defaults filled in, secrets
-- looked up. This is less than the real gateway checks; the plugin server checks
-- the rest.

local json = require "gateway.json"
local vault = require "gateway.vault_env"

local fill_value

local function is_nil(value)
	return value == nil or value == ngx.null
end

local function copy(value)
	if type(value) ~= "table" then
		return value
	end
	local new = {}
	for k, v in pairs(value) do
		new[k] = copy(v)
	end
	return new
end

local LUA_TYPE = { string = "string", number = "number", integer = "number", boolean = "boolean",
	array = "table", set = "table", map = "table", record = "table", foreign = "table" }
local EXPECTED = { integer = "an integer", array = "an array" }

local function check_type(field, value)
	local lua_type = LUA_TYPE[field.type]
	local fits = not lua_type or type(value) == lua_type
	if fits and field.type == "integer" then
		fits = value == math.floor(value)
	end
	if not fits then
		return nil, "expected " .. (EXPECTED[field.type] or "a " .. field.type)
	end
	if field.type == "string" and value == "" and field.len_min ~= 0 then
		return nil, "length must be at least 1"
	end
	return true
end

local function check_one_of(field, value)
	if not field.one_of then
		return true
	end
	for _, allowed in ipairs(field.one_of) do
		if allowed == value then
			return true
		end
	end
	return nil, "expected one of: " .. table.concat(field.one_of, ", ")
end

-- Each { name, definition } of an array of single-key tables.
local function each_field(fields)
	local i = 0
	return function()
		i = i + 1
		if fields[i] then
			return next(fields[i])
		end
	end
end

local function missing(field)
	if field.default ~= nil and field.default ~= ngx.null then
		return fill_value(field, copy(field.default))
	end
	if field.type == "record" and (field.required or field.default ~= ngx.null) then
		return fill_value(field, {})
	end
	if field.required then
		return nil, "required field missing"
	end
	return nil
end

-- A secret's reference is kept in the record's $refs, its value takes its place.
local function dereference(record, name, field, value)
	if field.referenceable and vault.is_reference(value) then
		record["$refs"] = record["$refs"] or {}
		record["$refs"][name] = value
		return vault.get(value) or ""
	end
	return value
end

local function fill_record(field, value)
	local record, errors, known = {}, nil, {}
	for name, definition in each_field(field.fields or {}) do
		known[name] = true
		local given = value[name]
		if given == ngx.null and not definition.required then
			given = nil
		else
			local err
			if is_nil(given) then
				given, err = missing(definition)
			else
				given, err = fill_value(definition, dereference(record, name, definition, given))
			end
			if err then
				errors = errors or {}
				errors[name] = err
			end
		end
		record[name] = given
	end
	for name in pairs(value) do
		if not known[name] then
			errors = errors or {}
			errors[name] = "unknown field"
		end
	end
	return record, errors
end

local function fill_list(field, value)
	local list, seen, elements = json.as_array({}), {}, field.elements or {}
	for i, item in ipairs(value) do
		local filled, err = fill_value(elements, dereference({}, i, elements, item))
		if err then
			return nil, { [i] = err }
		end
		if field.type ~= "set" or not seen[filled] then
			seen[filled] = true
			list[#list + 1] = filled
		end
	end
	return list
end

local function fill_map(field, value)
	local map = {}
	for key, item in pairs(value) do
		local err
		map[key], err = fill_value(field.values or {}, item)
		if err then
			return nil, err
		end
	end
	return map
end

local FILLERS = { record = fill_record, array = fill_list, set = fill_list, map = fill_map }

function fill_value(field, value)
	local ok, err = check_type(field, value)
	if ok then
		ok, err = check_one_of(field, value)
	end
	if not ok then
		return nil, err
	end
	local filler = FILLERS[field.type]
	if filler then
		return filler(field, value)
	end
	return value
end

local function find_field(schema, wanted)
	for name, field in each_field(schema.fields or {}) do
		if name == wanted then
			return field
		end
	end
end

-- True where the schema forbids the plugin on such an entity ("consumer").
local function forbids(schema, entity)
	local field = find_field(schema, entity)
	return field ~= nil and field.eq == ngx.null
end

-- The configuration with defaults, or nil and a table of errors.
local function fill_config(schema, config)
	local field = find_field(schema, "config")
	if not field then
		return config or {}
	end
	local filled, errors = fill_value(field, is_nil(config) and {} or config)
	if errors then
		return nil, errors
	end
	return filled
end

return { fill_config = fill_config, forbids = forbids }
