-- Is this table a plugin schema at all? The gateway's rules for the structure of a schema, with
-- its texts, so that a bad one is refused here and not at the gateway's start.

local meta = require "outrigger.schema_meta"

local sorted_keys = meta.sorted_keys

local EXPECTED = {
	flag = { "boolean", "expected a boolean" }, string = { "string", "expected a string" },
	number = { "number", "expected a number" }, integer = { "number", "expected an integer" },
	list = { "table", "expected an array" }, table = { "table", "expected a record" },
	["function"] = { "function", "expected a function" },
	checks = { "table", "expected an array" }, shorthands = { "table", "expected an array" },
}

local check_field, check_fields, check_entity_checks

local function add(state, path, text)
	state.count = state.count + 1
	state[state.count] = path .. ": " .. text
end

local function join(path, key)
	return path == "" and tostring(key) or path .. "." .. tostring(key)
end

local function has_form(form, value)
	local expected = EXPECTED[form]
	if not expected then
		return true
	elseif form == "integer" and type(value) == "number" and value % 1 ~= 0 then
		return false, expected[2]
	end
	return type(value) == expected[1], expected[2]
end

local function check_attribute(state, field, attribute, path)
	local form, value = meta.attributes[attribute], field[attribute]
	local here = join(path, attribute)
	if not form then
		add(state, here, "unknown field")
		return
	end
	local ok, text = has_form(form, value)
	if not ok then
		add(state, here, text)
	elseif form == "field" and type(value) ~= "table" then
		add(state, path, ("'%s' must be a table"):format(attribute))
	elseif form == "field" then
		check_field(state, value, here)
	elseif form == "fields" then
		check_fields(state, value, path)
	elseif form == "checks" then
		check_entity_checks(state, value, here)
	end
end

local function check_type(state, field, path)
	if field.type == nil then
		add(state, path, "missing type declaration")
	elseif not meta.types[field.type] then
		local names = table.concat(sorted_keys(meta.types), ", ")
		add(state, join(path, "type"), "expected one of: " .. names)
	end
end

local function check_parts(state, field, path)
	if field.abstract and field.type == "record" then
		return
	end
	for _, part in ipairs(meta.parts[field.type] or {}) do
		if not field[part] then
			add(state, path, ("field of type '%s' must declare '%s'"):format(field.type, part))
		end
	end
end

local function check_definition(state, field, path)
	check_type(state, field, path)
	check_parts(state, field, path)
	for _, attribute in ipairs(sorted_keys(field)) do
		local types = meta.only_for[attribute]
		if types and field.type ~= nil and not types[field.type] then
			local text = "field of type '%s' cannot have attribute '%s'"
			add(state, path, text:format(field.type, attribute))
		end
		check_attribute(state, field, attribute, path)
	end
end

-- Runs `check` unless `value` is being looked at already: then it contains itself.
local function guarded(state, value, path, check)
	if state.open[value] then
		add(state, path, "the definition contains itself")
		return
	end
	state.open[value] = true
	check()
	state.open[value] = nil
end

check_field = function(state, field, path)
	guarded(state, field, path, function()
		check_definition(state, field, path)
	end)
end

local function check_entry(state, entry, path)
	if type(entry) ~= "table" then
		add(state, join(path, "fields"), "each entry in fields must be a sub-table")
		return
	end
	local name = next(entry)
	if name == nil then
		add(state, join(path, "fields"), "field entry table is empty")
	elseif type(name) ~= "string" then
		add(state, join(path, "fields"), "each key in fields must be a string")
	elseif next(entry, name) ~= nil then
		add(state, join(path, "fields"), "length must be 1")
	elseif type(entry[name]) ~= "table" then
		add(state, join(path, name), ("'%s' must be a table"):format(name))
	else
		check_field(state, entry[name], join(path, name))
	end
end

local function is_array(list)
	local count = 0
	for _ in pairs(list) do
		count = count + 1
	end
	return count == #list
end

check_fields = function(state, fields, path)
	if type(fields) ~= "table" then
		add(state, join(path, "fields"), "'fields' must be a table")
	elseif not is_array(fields) then
		add(state, join(path, "fields"), "expected an array")
	else
		guarded(state, fields, join(path, "fields"), function()
			for i = 1, #fields do
				check_entry(state, fields[i], path)
			end
		end)
	end
end

local function check_entity_check(state, entry, path)
	if type(entry) ~= "table" then
		add(state, path, "expected a record")
		return
	end
	local known = 0
	for _, name in ipairs(sorted_keys(entry)) do
		local form = meta.checks[name]
		if not form then
			add(state, join(path, name), "unknown field")
		elseif type(entry[name]) ~= "table" then
			add(state, join(path, name), EXPECTED[form][2])
		end
		known = known + (form and 1 or 0)
	end
	if known ~= 1 then
		local names = "'" .. table.concat(sorted_keys(meta.checks), "', '") .. "'"
		add(state, path, "exactly one of these fields must be non-empty: " .. names)
	end
end

check_entity_checks = function(state, checks, path)
	if not is_array(checks) then
		add(state, path, "expected an array")
		return
	end
	for i = 1, #checks do
		check_entity_check(state, checks[i], ("%s[%d]"):format(path, i))
	end
end

local function check_top(state, schema)
	if schema.name == nil then
		add(state, "name", "required field missing")
	elseif type(schema.name) ~= "string" then
		add(state, "name", "expected a string")
	end
	for _, key in ipairs(sorted_keys(schema)) do
		if not meta.top[key] then
			add(state, tostring(key), "unknown field")
		end
	end
	check_fields(state, schema.fields, "")
	if schema.entity_checks ~= nil and type(schema.entity_checks) ~= "table" then
		add(state, "entity_checks", "expected an array")
	elseif schema.entity_checks then
		check_entity_checks(state, schema.entity_checks, "entity_checks")
	end
end

-- A plugin schema may narrow the fields of the gateway's `plugins` entity, not add to them.
local function check_parent(schema)
	for _, entry in ipairs(schema.fields) do
		local name, field = next(entry)
		local parent = meta.parent_fields[name]
		local text
		if not parent then
			text = "cannot create a new field"
		elseif field.type ~= parent and not (name == "config" and field.type == "json") then
			text = "cannot change type in a specialized field"
		end
		if text then
			return nil, ("error in definition of '%s': %s: %s"):format(schema.name, name, text)
		end
	end
	return true
end

local function violations(state)
	if state.count == 1 then
		return ("schema violation (%s)"):format(state[1])
	end
	local list = table.concat(state, "; ")
	return ("%d schema violations (%s)"):format(state.count, list)
end

-- true, or nil and one text that names every fault.
return function(schema)
	if type(schema) ~= "table" then
		return nil, "the schema module must return a table, got: " .. type(schema)
	end
	local state = { count = 0, open = {} }
	check_top(state, schema)
	if state.count > 0 then
		return nil, violations(state)
	end
	return check_parent(schema)
end
