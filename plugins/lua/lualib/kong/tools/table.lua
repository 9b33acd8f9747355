-- kong.tools.table: copies and merges of tables.

local table_tools = { EMPTY = setmetatable({}, { __newindex = function()
	error("the table is read-only", 2)
end }) }

function table_tools.pack(...)
	return { n = select("#", ...), ... }
end

function table_tools.unpack(list, first, last)
	return unpack(list, first or 1, last or list.n or #list)
end

function table_tools.table_merge(first, second)
	local result = {}
	for key, value in pairs(first or {}) do
		result[key] = value
	end
	for key, value in pairs(second or {}) do
		result[key] = value
	end
	return result
end

function table_tools.table_contains(list, wanted)
	for _, value in pairs(list or {}) do
		if value == wanted then
			return true
		end
	end
	return false
end

-- One level deep; other values are returned as they are.
function table_tools.shallow_copy(value)
	if type(value) ~= "table" then
		return value
	end
	return table_tools.table_merge(value)
end

-- Copies keys, values and, unless `copy_mt` is false, metatables. Not for cycles.
function table_tools.deep_copy(value, copy_mt)
	if type(value) ~= "table" then
		return value
	end
	local result = {}
	for key, item in next, value do
		result[table_tools.deep_copy(key)] = table_tools.deep_copy(item, copy_mt)
	end
	if copy_mt ~= false then
		setmetatable(result, table_tools.deep_copy(getmetatable(value)))
	end
	return result
end

-- Copies a graph of tables; `cache` maps originals to their copies. Metatables are shared.
function table_tools.cycle_aware_deep_copy(value, remove_metatables, deep_copy_keys, cache)
	if type(value) ~= "table" then
		return value
	end
	cache = cache or {}
	if cache[value] then
		return cache[value]
	end
	local function copy(item)
		return table_tools.cycle_aware_deep_copy(item, remove_metatables, deep_copy_keys, cache)
	end
	local result = {}
	cache[value] = result
	for key, item in next, value do
		result[deep_copy_keys and copy(key) or key] = copy(item)
	end
	return remove_metatables and result or setmetatable(result, getmetatable(value))
end

return table_tools
