-- JSON text of plain data, the same text each time: keys sorted, numbers exact. lua-cjson writes
-- keys in hash order and at most 16 digits.
--
-- An empty table is written by its metatable's __jsontype ("array" or "object"), else as {}.

local null = require "outrigger.null"

local concat, sort, format, huge = table.concat, table.sort, string.format, math.huge

local json_encode = { array_mt = { __jsontype = "array" }, object_mt = { __jsontype = "object" } }

local SHORT = { ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
	['"'] = '\\"', ["\\"] = "\\\\" }

local function escape(char)
	return SHORT[char] or format("\\u%04x", char:byte())
end

local function string_text(value)
	return '"' .. value:gsub('[%c"\\%z]', escape) .. '"'
end

local function number_text(value)
	if value ~= value or value == huge or value == -huge then
		error("not a JSON number: " .. tostring(value), 0)
	end
	if value == 0 then
		return "0"
	end
	if value % 1 == 0 and value > -1e17 and value < 1e17 then
		return format("%.0f", value)
	end
	for digits = 15, 16 do
		local text = format("%." .. digits .. "g", value)
		if tonumber(text) == value then
			return text
		end
	end
	return format("%.17g", value)
end

-- "array" or "object"; raises for a table that JSON has no form for.
function json_encode.kind(value)
	local mt = getmetatable(value)
	local kind = type(mt) == "table" and rawget(mt, "__jsontype") or nil
	local count, named = 0, false
	for key in pairs(value) do
		count = count + 1
		named = named or type(key) == "string"
		if type(key) ~= "string" and type(key) ~= "number" then
			error("a table key is a " .. type(key), 0)
		end
	end
	if count == 0 then
		return kind or "object"
	elseif not named and #value == count then
		return "array"
	elseif named and #value == 0 then
		return "object"
	end
	error("a table with holes or with both names and positions is not JSON", 0)
end

local encode_value

local function array_text(list, seen)
	local parts = {}
	for i = 1, #list do
		parts[i] = encode_value(list[i], seen)
	end
	return "[" .. concat(parts, ",") .. "]"
end

local function object_text(map, seen)
	local keys, parts = {}, {}
	for key in pairs(map) do
		if type(key) ~= "string" then
			error("a table with both names and positions is not JSON", 0)
		end
		keys[#keys + 1] = key
	end
	sort(keys)
	for i, key in ipairs(keys) do
		parts[i] = string_text(key) .. ":" .. encode_value(map[key], seen)
	end
	return "{" .. concat(parts, ",") .. "}"
end

local function table_text(value, seen)
	if seen[value] then
		error("a table that contains itself is not JSON", 0)
	end
	seen[value] = true
	local text
	if json_encode.kind(value) == "array" then
		text = array_text(value, seen)
	else
		text = object_text(value, seen)
	end
	seen[value] = nil
	return text
end

encode_value = function(value, seen)
	local kind = type(value)
	if value == null or kind == "nil" then
		return "null"
	elseif kind == "string" then
		return string_text(value)
	elseif kind == "number" then
		return number_text(value)
	elseif kind == "boolean" then
		return tostring(value)
	elseif kind == "table" then
		return table_text(value, seen)
	end
	error("a " .. kind .. " is not JSON", 0)
end

-- Returns the text, or nil and what is wrong.
function json_encode.encode(value)
	local ok, text = pcall(encode_value, value, {})
	if not ok then
		return nil, text
	end
	return text
end

return json_encode
