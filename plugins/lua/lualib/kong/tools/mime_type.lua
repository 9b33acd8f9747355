-- kong.tools.mime_type: media types (RFC 2045).

local mime_type = {}

local TOKEN = "[^%z\1-\32\127-\255()<>@,;:\\\"/%[%]?={}]+"

-- A quoted text from `from` on: what is in it, and where it ends.
local function read_quoted(text, from)
	local at = from + 1
	while at <= #text do
		local c = text:sub(at, at)
		if c == '"' then
			return text:sub(from + 1, at - 1), at + 1
		elseif c ~= "\\" and c:find("[%z\1-\31\127]") then
			return nil
		end
		at = at + (c == "\\" and 2 or 1)
	end
end

-- The parameters from `from` to the end, names in lower case; nil if they are none.
local function read_parameters(text, from)
	local parameters = {}
	while from <= #text do
		local name, at = text:match("^[ \t]*;[ \t]*(" .. TOKEN .. ")=()", from)
		if not name then
			return nil
		end
		local value
		if text:sub(at, at) == '"' then
			value, at = read_quoted(text, at)
		else
			value, at = text:match("^(" .. TOKEN .. ")()", at)
		end
		if not value then
			return nil
		end
		parameters[name:lower()], from = value, at
	end
	return parameters
end

-- Type, subtype and parameters of "text/html; charset=utf-8"; nil for what is none. "*" is "*", "*".
function mime_type.parse_mime_type(text)
	local kind, subtype, from = text:match("^(" .. TOKEN .. ")/(" .. TOKEN .. ")()")
	if not kind and text:sub(1, 1) == "*" then
		kind, subtype, from = "*", "*", 2
	end
	local parameters = kind and read_parameters(text, from)
	if parameters then
		return kind:lower(), subtype:lower(), parameters
	end
end

-- Whether a type {type=, subtype=} includes another one: */*, text/*, and json for what ends with +json.
function mime_type.includes(this, other)
	if type(this) ~= "table" then
		error("this must be a table", 2)
	elseif type(other) ~= "table" then
		error("other must be a table", 2)
	elseif this.type == "*" then
		return true
	elseif this.type ~= other.type then
		return false
	end
	return this.subtype == other.subtype or this.subtype == "*"
		or not this.subtype:find("+", 1, true) and other.subtype:sub(-#this.subtype - 1) == "+" .. this.subtype
end

return mime_type
