-- What the parts of the schema language ask of values, paths and definitions.

local null = require "outrigger.null"

local floor = math.floor

local values = { null = null }

-- Neither nil, null, an empty text nor an empty table.
function values.is_nonempty(value)
	if value == nil or value == null or value == "" then
		return false
	end
	return type(value) ~= "table" or next(value) ~= nil
end

-- A table with the keys 1 to n and no others.
function values.is_sequence(value)
	if type(value) ~= "table" then
		return false
	end
	local count = 0
	for key in pairs(value) do
		count = count + 1
		if type(key) ~= "number" or key < 1 or floor(key) ~= key or value[count] == nil then
			return false
		end
	end
	return true
end

-- A secret that the gateway's vaults hold: {vault://...}.
function values.is_reference(value)
	return type(value) == "string" and value:sub(1, 9) == "{vault://" and value:sub(-1) == "}"
end

-- 'a', 'b'; lists in the list are put in parentheses.
function values.quoted_list(words)
	local parts = {}
	for i, word in ipairs(words) do
		if type(word) == "table" then
			parts[i] = "(" .. values.quoted_list(word) .. ")"
		else
			parts[i] = "'" .. tostring(word) .. "'"
		end
	end
	return table.concat(parts, ", ")
end

-- a, b: the texts of any values.
function values.plain_list(list)
	local parts = {}
	for i, value in ipairs(list) do
		parts[i] = tostring(value)
	end
	return table.concat(parts, ", ")
end

-- What is at the dotted path, or nil.
function values.get_path(tab, path)
	for key in path:gmatch("[^.]+") do
		if type(tab) ~= "table" then
			return nil
		end
		tab = tab[key]
	end
	return tab
end

-- Puts a value at the dotted path, making the tables above it. Where something else than a table is
-- above it, that stays.
function values.set_path(tab, path, value)
	local last = path:match("[^.]*$")
	for key in path:sub(1, -#last - 1):gmatch("[^.]+") do
		if tab[key] == nil then
			tab[key] = {}
		end
		tab = tab[key]
		if type(tab) ~= "table" then
			return
		end
	end
	tab[last] = value
end

-- The definition at the dotted path of a schema whose fields have names, or nil.
function values.find_definition(schema, path)
	for key in path:gmatch("[^.]+") do
		schema = schema and schema.fields and schema.fields[key]
	end
	return schema
end

-- What is below the keys of a list, or nil.
function values.follow(tab, keys)
	for _, key in ipairs(keys) do
		if type(tab) ~= "table" then
			return nil
		end
		tab = tab[key]
	end
	return tab
end

values.equal = require "outrigger.equal"

-- The same elements, in any order.
function values.same_elements(a, b)
	if type(b) ~= "table" or #a ~= #b then
		return false
	end
	local taken = {}
	for _, value in ipairs(a) do
		local found
		for i, other in ipairs(b) do
			if not found and not taken[i] and values.equal(value, other) then
				found, taken[i] = true, true
			end
		end
		if not found then
			return false
		end
	end
	return true
end

return values
