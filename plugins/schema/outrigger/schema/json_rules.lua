-- JSON Schema, draft 4: one function for each group of keywords.
--
-- Each is called with the value, the schema and a context {validate = validate(value, schema)}; it returns
-- nil, or what is wrong. They run in the order of the list that this module returns. The texts are those
-- of the library that the gateway uses.

local checks = require "outrigger.schema.checks"
local string_tools = require "kong.tools.string"
local values = require "outrigger.schema.values"

local sorted_keys = require("outrigger.schema_meta").sorted_keys

-- "array", "object", "both" (an empty table) or nil.
local function kind_of(value)
	if type(value) ~= "table" then
		return nil
	elseif next(value) == nil then
		return "both"
	end
	return values.is_sequence(value) and "array" or "object"
end

local function is_object(value)
	local kind = kind_of(value)
	return kind == "object" or kind == "both"
end

local function is_array(value)
	local kind = kind_of(value)
	return kind == "array" or kind == "both"
end

local function is_of_type(value, name)
	if name == "object" then
		return is_object(value)
	elseif name == "array" then
		return is_array(value)
	elseif name == "integer" then
		return type(value) == "number" and math.fmod(value, 1) == 0
	elseif name == "null" then
		return value == values.null
	end
	return type(value) == name
end

local function type_name(value)
	if type(value) == "table" then
		return kind_of(value) == "array" and "array" or "object"
	elseif type(value) == "number" then
		return math.floor(value) == value and "integer" or "number"
	end
	return value == values.null and "null" or type(value)
end

-- As few digits as tell the number from others, at least six.
local function number_text(value)
	for digits = 6, 16 do
		local text = ("%." .. digits .. "g"):format(value)
		if tonumber(text) == value then
			return text
		end
	end
	return ("%.17g"):format(value)
end

local function check_type(value, schema)
	local wanted = schema.type
	if wanted == nil then
		return nil
	elseif type(wanted) == "string" then
		return not is_of_type(value, wanted) and
			("wrong type: expected %s, got %s"):format(wanted, type_name(value)) or nil
	end
	for _, name in ipairs(wanted) do
		if is_of_type(value, name) then
			return nil
		end
	end
	return ("wrong type: expected one of %s, got %s"):format(table.concat(wanted, ", "),
		type_name(value))
end

-- A dependency is a list of properties or a schema.
local function check_dependency(value, property, dependency, context)
	if #dependency == 0 then
		local ok, err = context.validate(value, dependency)
		return not ok and ("failed to validate dependent schema for %s: %s"):format(property, err)
			or nil
	end
	for _, other in ipairs(dependency) do
		if value[other] == nil then
			return ("property %s is required when %s is set"):format(other, property)
		end
	end
end

local function check_properties(value, schema, context)
	local properties, dependencies = schema.properties or {}, schema.dependencies or {}
	for _, property in ipairs(is_object(value) and sorted_keys(properties) or {}) do
		if value[property] ~= nil then
			local ok, err = context.validate(value[property], properties[property])
			if not ok then
				return ("property %s validation failed: %s"):format(property, err)
			end
		end
	end
	for _, property in ipairs(is_object(value) and schema.required or {}) do
		if value[property] == nil then
			return ("property %s is required"):format(property)
		end
	end
	for _, property in ipairs(is_object(value) and sorted_keys(dependencies) or {}) do
		local err = value[property] ~= nil and
			check_dependency(value, property, dependencies[property], context)
		if err then
			return err
		end
	end
end

-- Whether the property matches one of the patterns, and what is wrong with its value then.
local function check_patterns(property, item, schema, context)
	local patterns, matched = schema.patternProperties or {}, false
	for _, pattern in ipairs(sorted_keys(patterns)) do
		if checks.regex_matches(property, pattern) then
			local ok, err = context.validate(item, patterns[pattern])
			if not ok then
				return true, ("failed to validate %s (matching %s): %s"):format(property,
					pattern, err)
			end
			matched = true
		end
	end
	return matched
end

local function check_other_property(property, item, schema, context)
	local matched, err = check_patterns(property, item, schema, context)
	local other = schema.additionalProperties
	local is_known = matched or (schema.properties or {})[property] ~= nil
	if err or is_known or other == nil or other == true then
		return err
	elseif other == false then
		return "additional properties forbidden, found " .. property
	end
	local ok
	ok, err = context.validate(item, other)
	return not ok and ("failed to validate additional property %s: %s"):format(property, err) or nil
end

local function check_object(value, schema, context)
	if not is_object(value) then
		return nil
	end
	local names = sorted_keys(value)
	for _, property in ipairs(names) do
		local err = check_other_property(tostring(property), value[property], schema, context)
		if err then
			return err
		end
	end
	if schema.minProperties and #names < schema.minProperties then
		return ("expect object to have at least %s properties"):format(schema.minProperties)
	elseif schema.maxProperties and #names > schema.maxProperties then
		return ("expect object to have at most %s properties"):format(schema.maxProperties)
	end
end

-- The schema of the item at a position, and what a failure is called; false: there may be none.
local function schema_of_item(schema, i)
	local items = schema.items
	if items == nil then
		return nil
	elseif #items == 0 then
		return items, "failed to validate item %d: %s"
	elseif items[i] then
		return items[i], "failed to validate item %d: %s"
	end
	return schema.additionalItems, "failed to validate additional item %d: %s"
end

local function check_items(value, schema, context)
	for i, item in ipairs(value) do
		local item_schema, text = schema_of_item(schema, i)
		if item_schema == false then
			return "found unexpected extra items in array"
		elseif type(item_schema) == "table" then
			local ok, err = context.validate(item, item_schema)
			if not ok then
				return text:format(i, err)
			end
		end
	end
end

local function check_unique(value)
	for i = 2, #value do
		for j = 1, i - 1 do
			if values.equal(value[i], value[j]) then
				return ("expected unique items but items %d and %d are equal"):format(i, j)
			end
		end
	end
end

local function check_array(value, schema, context)
	if not is_array(value) then
		return nil
	elseif schema.minItems and #value < schema.minItems then
		return ("expect array to have at least %s items"):format(schema.minItems)
	elseif schema.maxItems and #value > schema.maxItems then
		return ("expect array to have at most %s items"):format(schema.maxItems)
	end
	return check_items(value, schema, context) or schema.uniqueItems and check_unique(value) or nil
end

-- In characters; in bytes where the text is no UTF-8.
local function text_length(text)
	if not string_tools.validate_utf8(text) then
		return #text
	end
	local _, tails = text:gsub("[\128-\191]", "")
	return #text - tails
end

local function check_string(value, schema)
	if type(value) ~= "string" then
		return nil
	end
	local length = text_length(value)
	if schema.minLength and length < schema.minLength then
		return ("string too short, expected at least %d, got %d"):format(schema.minLength, length)
	elseif schema.maxLength and length > schema.maxLength then
		return ("string too long, expected at most %d, got %d"):format(schema.maxLength, length)
	elseif schema.pattern and not checks.regex_matches(value, schema.pattern) then
		return ("failed to match pattern %s with %q"):format(schema.pattern, value)
	end
end

local function check_number(value, schema)
	if type(value) ~= "number" then
		return nil
	end
	local low, high, step = schema.minimum, schema.maximum, schema.multipleOf
	if low and (value < low or schema.exclusiveMinimum and value == low) then
		return ("expected %s to be %s than %s"):format(number_text(value),
			schema.exclusiveMinimum and "sctrictly greater" or "greater", number_text(low))
	elseif high and (value > high or schema.exclusiveMaximum and value == high) then
		return ("expected %s to be %s than %s"):format(number_text(value),
			schema.exclusiveMaximum and "sctrictly smaller" or "smaller", number_text(high))
	elseif step and (value / step) % 1 ~= 0 then
		return ("expected %s to be a multiple of %s"):format(tostring(value), tostring(step))
	end
end

local function check_enum(value, schema)
	for _, option in ipairs(schema.enum or {}) do
		if values.equal(value, option) then
			return nil
		end
	end
	return schema.enum and "matches none of the enum values" or nil
end

local function check_all_of(value, schema, context)
	for i, part in ipairs(schema.allOf or {}) do
		local ok, err = context.validate(value, part)
		if not ok then
			return ("allOf %d failed: %s"):format(i, err)
		end
	end
end

local function check_any_of(value, schema, context)
	local failures = {}
	for i, part in ipairs(schema.anyOf or {}) do
		local ok, err = context.validate(value, part)
		if ok then
			return nil
		end
		failures[i] = ("%d) %s"):format(i, err)
	end
	return schema.anyOf and "object needs one of the following rectifications: " ..
		table.concat(failures, "; ") or nil
end

local function check_one_of(value, schema, context)
	local matched
	for i, part in ipairs(schema.oneOf or {}) do
		if context.validate(value, part) then
			if matched then
				return ("value should match only one schema, but matches both schemas %d and %d")
					:format(matched, i)
			end
			matched = i
		end
	end
	return schema.oneOf and not matched and
		"value should match only one schema, but matches none" or nil
end

local function check_not(value, schema, context)
	return schema["not"] and context.validate(value, schema["not"]) and
		"value wasn't supposed to match schema" or nil
end

return { check_type, check_properties, check_object, check_array, check_string, check_number,
	check_enum, check_all_of, check_any_of, check_one_of, check_not }
