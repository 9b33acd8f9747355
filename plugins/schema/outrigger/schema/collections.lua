-- Arrays and sets as confs have them: an empty one is told from an empty map when it is encoded, a set
-- has each element once and answers whether it has one (set.element == true).

local array_mt = require "outrigger.array"
local is_sequence = require("outrigger.schema.values").is_sequence

local collections = {}

local elements_of = setmetatable({}, { __mode = "k" })

local set_mt = { __index = function(set, element)
	local elements = elements_of[set]
	return elements and elements[element]
end }

-- What is no sequence comes back as it is, to be refused later.
function collections.as_array(list)
	return is_sequence(list) and setmetatable(list, array_mt) or list
end

function collections.as_set(list)
	if not is_sequence(list) then
		return list
	elseif #list == 0 then
		return setmetatable(list, array_mt)
	end
	local set, elements = {}, {}
	for _, element in ipairs(list) do
		if not elements[element] then
			elements[element] = true
			set[#set + 1] = element
		end
	end
	elements_of[set] = elements
	return setmetatable(set, set_mt)
end

-- An empty default of an array or a set is an array.
function collections.mark_default(field, value)
	local is_list = field.type == "array" or field.type == "set"
	if is_list and type(value) == "table" and not getmetatable(value) then
		setmetatable(value, array_mt)
	end
	return value
end

return collections
