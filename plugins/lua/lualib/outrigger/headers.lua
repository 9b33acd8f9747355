-- A set of headers: names ignore case, and '_' is '-'; one may have several values.

local headers = {}
headers.__index = headers

-- Tables of headers as the gateway gives them: any spelling of a name finds the lower-case one.
headers.any_spelling = {
	__index = function(t, name)
		if type(name) == "string" then
			return rawget(t, (name:lower():gsub("_", "-")))
		end
	end,
}

local function lower(name)
	return (tostring(name):lower():gsub("_", "-"))
end

local function text(value)
	return type(value) == "table" and value or tostring(value)
end

function headers.new()
	return setmetatable({ values = {} }, headers)
end

-- A value is a text or a list of texts; nil removes.
function headers:set(name, value)
	self.values[lower(name)] = value ~= nil and text(value) or nil
end

function headers:add(name, value)
	local old = self.values[lower(name)]
	local list = type(old) == "table" and { unpack(old) } or { old }
	for _, item in ipairs(type(value) == "table" and value or { value }) do
		list[#list + 1] = tostring(item)
	end
	self.values[lower(name)] = #list > 1 and list or list[1]
end

-- One text or a list; nil.
function headers:get(name)
	return self.values[lower(name)]
end

function headers:get_first(name)
	local value = self:get(name)
	return type(value) == "table" and value[1] or value
end

-- A copy with names in lower case.
function headers:all()
	local copy = {}
	for name, value in pairs(self.values) do
		copy[name] = type(value) == "table" and { unpack(value) } or value
	end
	return setmetatable(copy, headers.any_spelling)
end

return headers
