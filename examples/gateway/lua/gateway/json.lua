-- json.lua - JSON as the real gateway writes it: numbers with 16 digits and an
-- array for a table marked by `array_mt`, also when it is empty. Debian's cjson
-- has neither, so containers are written here and scalars by cjson.

local cjson = require "cjson.safe"

local array_mt = {}

local write_value

-- A string; cjson would put a backslash before "/".
local function text_of(value)
	local text, err = cjson.encode(value)
	if not text then
		error(err, 0)
	end
	return (text:gsub("\\(.)", function(c)
		return c == "/" and c or "\\" .. c
	end))
end

local function is_sequence(t)
	local n = 0
	for k in pairs(t) do
		if type(k) ~= "number" then
			return false
		end
		n = n + 1
	end
	return n > 0 and n == #t
end

local function write_array(out, t)
	out[#out + 1] = "["
	for i = 1, #t do
		if i > 1 then
			out[#out + 1] = ","
		end
		write_value(out, t[i])
	end
	out[#out + 1] = "]"
end

local function write_object(out, t)
	local separator = ""
	out[#out + 1] = "{"
	for k, v in pairs(t) do
		out[#out + 1] = separator .. text_of(tostring(k)) .. ":"
		write_value(out, v)
		separator = ","
	end
	out[#out + 1] = "}"
end

local function write_number(out, n)
	if n ~= n or n == math.huge or n == -math.huge then
		error("Cannot serialise number: must not be NaN or Inf", 0)
	end
	out[#out + 1] = string.format("%.16g", n)
end

function write_value(out, v)
	local kind = type(v)
	if kind == "table" then
		local write = (getmetatable(v) == array_mt or is_sequence(v)) and write_array or write_object
		write(out, v)
	elseif kind == "number" then
		write_number(out, v)
	else
		out[#out + 1] = text_of(v)
	end
end

-- The JSON text of a value, or nil and an error.
local function encode(value)
	local out = {}
	local ok, err = pcall(write_value, out, value)
	if not ok then
		return nil, err
	end
	return table.concat(out)
end

return {
	encode = encode,
	decode = cjson.decode,
	null = cjson.null,
	array_mt = array_mt,
	-- Marks a table as an array, so that it is one also when it is empty.
	as_array = function(t)
		return setmetatable(t, array_mt)
	end,
}
