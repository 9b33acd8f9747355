-- kong.tools.string: what plugins need of strings while they load.

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

return string_tools
