-- checks.lua - arguments that several PDK functions take.

local checks = {}

-- Limits that get_headers, get_query and get_body share.
local MIN, MAX = 1, 1000

local function one_value(value)
	return value == "" and " " or value
end

-- A header's value as nginx takes it; nginx would drop an empty one.
function checks.normalize(value)
	if type(value) == "table" then
		local list = {}
		for i, item in ipairs(value) do
			list[i] = one_value(item)
		end
		return list
	end
	return one_value(type(value) == "string" and value or tostring(value))
end

local function check_array(name, value, level)
	for _, item in ipairs(value) do
		if type(item) ~= "string" then
			error(("invalid header value in array %q: got %s, expected string"):format(name,
				type(item)), level + 1)
		end
	end
end

local function check_name(name, level)
	if type(name) ~= "string" then
		error(("invalid header name %q: got %s, expected string"):format(tostring(name),
			type(name)), level + 1)
	end
end

local function check_value(name, value, expected, level)
	local kind = type(value)
	if kind == "table" then
		check_array(name, value, level + 1)
	elseif kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
		error(("invalid header value for %q: got %s, expected %s"):format(name, kind, expected),
			level + 1)
	end
end

function checks.header(name, value)
	check_name(name, 3)
	check_value(name, value, "array of string, string, number or boolean", 3)
end

function checks.headers(headers)
	if type(headers) ~= "table" then
		error("headers must be a table", 3)
	end
	for name, value in pairs(headers) do
		check_name(name, 3)
		check_value(name, value, "string, number, boolean or array of strings", 3)
	end
end

-- An optional count: `what` names it in the error.
function checks.count(what, value)
	if value == nil then
		return
	elseif type(value) ~= "number" then
		error(what .. " must be a number", 3)
	elseif value < MIN then
		error(what .. " must be >= " .. MIN, 3)
	elseif value > MAX then
		error(what .. " must be <= " .. MAX, 3)
	end
end

return checks
