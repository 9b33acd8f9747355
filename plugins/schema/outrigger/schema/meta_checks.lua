-- What the definition of definitions can't say: parts that a type needs, attributes that it can't have,
-- names of fields that must exist.

local attributes = require "outrigger.schema.attributes"

local sorted_keys = require("outrigger.schema_meta").sorted_keys

local meta_checks = {}

local TABLE = "'%s' must be a table"

local check_fields

local function join(path, key)
	return path == "" and key or path .. "." .. key
end

-- Whether a schema has the field at a dotted path. Behind a foreign field the path is not followed.
local function has_field(schema, path)
	local name, rest = path:match("^([^.]*)%.?(.*)$")
	for _, entry in ipairs(schema and schema.fields or {}) do
		local field = type(entry) == "table" and entry[name]
		if field then
			return rest == "" or field.type == "foreign" or has_field(field, rest)
		end
	end
	return false
end

local function add_name_errors(schema, list, errors)
	for i, name in ipairs(type(list) == "table" and list or {}) do
		if not has_field(schema, tostring(name)) then
			errors[i] = "invalid field name: " .. tostring(name)
		end
	end
	return next(errors) ~= nil and errors or nil
end

local function check_transformations(schema, errors)
	for i, transformation in ipairs(schema.transformations or {}) do
		for _, key in ipairs({ "input", "needs" }) do
			local found = type(transformation) == "table" and
				add_name_errors(schema, transformation[key], {})
			if found then
				errors.transformations = errors.transformations or {}
				errors.transformations[key] = errors.transformations[key] or {}
				errors.transformations[key][i] = found
			end
		end
	end
end

local function find_type(parent, name)
	for _, entry in ipairs(parent.fields or {}) do
		if type(entry) == "table" and type(entry[name]) == "table" then
			return entry[name].type
		end
	end
end

local function check_json_parent(field, path, errors, parent)
	local name = type(field.json_schema) == "table" and field.json_schema.parent_subschema_key
	if field.type ~= "json" or not name then
		return
	end
	local parent_type = find_type(parent, name)
	local at = path .. ".json_schema.parent_subschema_key"
	if not parent_type then
		errors[at] = "value must be a field name of the parent schema"
	elseif parent_type ~= "string" then
		errors[at] = "value must be a string field of the parent schema"
	end
end

local function check_attributes(field, path, errors)
	local parts = attributes.parts[field.type] or {}
	if field.abstract and field.type == "record" then
		parts = {}
	end
	for _, part in ipairs(parts) do
		if not field[part] then
			errors[path] = ("field of type '%s' must declare '%s'"):format(field.type, part)
		end
	end
	for _, name in ipairs(sorted_keys(field)) do
		local types = attributes.only_for[name]
		if types and not types[field.type] then
			errors[path] = ("field of type '%s' cannot have attribute '%s'"):format(field.type,
				name)
		end
	end
end

local function check_field(field, path, errors, parent)
	if not field.type then
		errors[path] = "missing type declaration"
		return
	end
	check_attributes(field, path, errors)
	for _, name in ipairs({ "elements", "keys", "values" }) do
		if type(field[name]) == "table" then
			check_field(field[name], join(path, name), errors, field)
		elseif field[name] then
			errors[path] = TABLE:format(name)
		end
	end
	check_json_parent(field, path, errors, parent)
	if field.fields then
		check_fields(field, path, errors)
	end
end

check_fields = function(schema, path, errors)
	check_transformations(schema, errors)
	for _, entry in ipairs(type(schema.fields) == "table" and schema.fields or {}) do
		if type(entry) ~= "table" then
			errors[join(path, "fields")] = "each entry in fields must be a sub-table"
			return
		end
		local name = next(entry)
		if name == nil then
			errors[join(path, "fields")] = "field entry table is empty"
			return
		elseif type(entry[name]) == "table" then
			check_field(entry[name], join(path, tostring(name)), errors, schema)
		else
			errors[join(path, tostring(name))] = TABLE:format(tostring(name))
		end
	end
end

-- true, or nil and errors by the path of the field: the names from the top, with dots.
function meta_checks.fields(schema)
	local errors = {}
	if not schema.fields then
		errors.fields = TABLE:format("fields")
	else
		check_fields(schema, "", errors)
	end
	return next(errors) == nil or nil, errors
end

local function check_endpoint_key(schema, errors)
	if schema.endpoint_key and not find_type(schema, schema.endpoint_key) then
		errors.endpoint_key = "value must be a field name"
	end
end

local function find_definition(schema, name)
	for _, entry in ipairs(schema.fields) do
		if type(entry) == "table" and entry[name] then
			return entry[name]
		end
	end
end

local function check_cache_key(schema, errors)
	local names = schema.cache_key or {}
	for _, name in ipairs(names) do
		local field = find_definition(schema, name)
		if not field then
			errors.cache_key = "values must be field names"
			return
		elseif #names == 1 and not field.unique then
			errors.cache_key = "a field used as a single cache key must be unique"
		end
	end
end

local function check_subschema_key(schema, errors)
	local key_type = schema.subschema_key and find_type(schema, schema.subschema_key)
	if schema.subschema_key and not key_type then
		errors.subschema_key = "value must be a field name"
	elseif key_type and key_type ~= "string" and key_type ~= "set" then
		errors.subschema_key = "must be a string or set field"
	end
end

-- The same for an entity, which has keys too.
function meta_checks.entity(schema)
	local _, errors = meta_checks.fields(schema)
	if not schema.fields then
		return nil, errors
	end
	schema.table_name = schema.table_name or schema.name
	check_endpoint_key(schema, errors)
	check_cache_key(schema, errors)
	check_subschema_key(schema, errors)
	if schema.ttl and find_definition(schema, "ttl") then
		errors.ttl = "ttl is a reserved field name when ttl is enabled"
	end
	return next(errors) == nil or nil, errors
end

return meta_checks
