-- Plain data: what means the same in another process.

local plain = { equal = require "outrigger.equal" }

local MAX_DEPTH = 32

-- A copy of plain data, or the same leaf.
function plain.copy(value)
	if type(value) ~= "table" then
		return value
	end
	local twin = {}
	for key, field in pairs(value) do
		twin[key] = plain.copy(field)
	end
	return twin
end

local LEAVES = { ["nil"] = true, string = true, number = true, boolean = true }

local function is(value, null, depth)
	if type(value) ~= "table" then
		return LEAVES[type(value)] or null ~= nil and value == null
	elseif depth > MAX_DEPTH or getmetatable(value) ~= nil then
		return false
	end
	for key, field in pairs(value) do
		if not LEAVES[type(key)] or not is(field, null, depth + 1) then
			return false
		end
	end
	return true
end

-- Whether a value is such data. A table with a metatable is more than its fields. `null` counts too, if given.
function plain.is(value, null)
	return is(value, null, 1)
end

return plain
