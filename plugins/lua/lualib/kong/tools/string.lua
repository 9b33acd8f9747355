-- kong.tools.string: splitting, joining and checking of texts.

local string_tools = {}

-- Without white space at both ends; "" for nil.
function string_tools.strip(value)
	if value == nil then
		return ""
	end
	return (tostring(value):gsub("^%s+", ""):gsub("%s+$", ""))
end

-- Byte ranges of one well-formed UTF-8 character (RFC 3629), and its length.
local UTF8 = {
	{ "^[%z\1-\127]", 1 },
	{ "^[\194-\223][\128-\191]", 2 },
	{ "^\224[\160-\191][\128-\191]", 3 },
	{ "^[\225-\236\238\239][\128-\191][\128-\191]", 3 },
	{ "^\237[\128-\159][\128-\191]", 3 },
	{ "^\240[\144-\191][\128-\191][\128-\191]", 4 },
	{ "^[\241-\243][\128-\191][\128-\191][\128-\191]", 4 },
	{ "^\244[\128-\143][\128-\191][\128-\191]", 4 },
}

local function utf8_length(text, position)
	for _, row in ipairs(UTF8) do
		if text:find(row[1], position) then
			return row[2]
		end
	end
	return nil
end

-- true, or false and the position of the first bad byte.
function string_tools.validate_utf8(value)
	local text, position = tostring(value), 1
	while position <= #text do
		local length = utf8_length(text, position)
		if not length then
			return false, position
		end
		position = position + length
	end
	return true
end

function string_tools.join(separator, list)
	return table.concat(list, separator)
end

local function find_from(text, separator, from)
	if separator then
		return text:find(separator, from, true)
	end
	return text:find("%s+", from)
end

-- The parts between the separators (a plain text; white space without one), at most n of them: the last one then
-- has the rest. A text that ends with a separator has one more empty part, unless there is nothing else.
function string_tools.split(text, separator, n)
	if not separator then
		text = text:gsub("^%s+", "")
	elseif separator == "" then
		return { text }
	end
	local parts, from = {}, 1
	while true do
		local first, last = find_from(text, separator, from)
		if not first or n and #parts + 1 == n then
			parts[#parts + 1] = text:sub(from)
			break
		end
		parts[#parts + 1] = text:sub(from, first - 1)
		from = last + 1
	end
	local last = parts[#parts]
	if last == "" and (#parts == 1 or not separator or text == separator) then
		parts[#parts] = nil
	end
	return parts
end

local UNITS = { k = { "KiB", 2 ^ 10 }, m = { "MiB", 2 ^ 20 }, g = { "GiB", 2 ^ 30 } }

-- Bytes for people: in the unit (none, "k", "m" or "g"), with `scale` digits (2).
function string_tools.bytes_to_str(bytes, unit, scale)
	local name = (unit or ""):lower()
	if name == "" or name == "b" then
		return ("%d"):format(bytes)
	end
	scale = scale or 2
	if type(scale) ~= "number" or scale < 0 then
		error("scale must be equal or greater than 0", 2)
	elseif not UNITS[name] then
		error(("invalid unit '%s' (expected 'k/K', 'm/M', or 'g/G')"):format(unit), 2)
	end
	return ("%%.%df %s"):format(scale, UNITS[name][1]):format(bytes / UNITS[name][2])
end

-- "12m" as bytes; 0 for what is no size.
function string_tools.parse_ngx_size(text)
	if type(text) ~= "string" then
		error("Parameter #1 must be a string", 2)
	end
	local unit = UNITS[text:sub(-1):lower()]
	return (tonumber(unit and text:sub(1, -2) or text) or 0) * (unit and unit[2] or 1)
end

local function decode_base64(text)
	return ngx.decode_base64(text) or (require("ngx.base64").decode_base64url(text)) or text
end

-- What is base64 (of either alphabet) decoded, all else as it is; in place in a table.
function string_tools.try_decode_base64(value)
	if type(value) == "table" then
		for i, item in ipairs(value) do
			value[i] = type(item) == "string" and decode_base64(item) or item
		end
		return value
	end
	return type(value) == "string" and decode_base64(value) or value
end

function string_tools.replace_dashes(text)
	return (text:gsub("-", "_"))
end

function string_tools.replace_dashes_lower(text)
	return (text:lower():gsub("-", "_"))
end

return string_tools
