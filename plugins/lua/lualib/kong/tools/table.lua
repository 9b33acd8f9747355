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

-- As table_merge, but a null of the second table doesn't replace what the first one has.
function table_tools.null_aware_table_merge(first, second)
	local result = table_tools.table_merge(first)
	for key, value in pairs(second or {}) do
		if result[key] == nil or value ~= ngx.null then
			result[key] = value
		end
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
	local copy = table_tools.cycle_aware_deep_copy
	local result = {}
	cache[value] = result
	for key, item in next, value do
		key = deep_copy_keys and copy(key, remove_metatables, deep_copy_keys, cache) or key
		result[key] = copy(item, remove_metatables, deep_copy_keys, cache)
	end
	return remove_metatables and result or setmetatable(result, getmetatable(value))
end

-- ---- arrays ----

local function has_only_indices(t)
	local highest, count = 0, 0
	for key in pairs(t) do
		if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then
			return false
		end
		highest, count = math.max(highest, key), count + 1
	end
	return true, highest == count
end

-- Indices may be texts of numbers.
function table_tools.is_lapis_array(t)
	if type(t) ~= "table" then
		return false
	end
	local i = 0
	for _ in pairs(t) do
		i = i + 1
		if t[i] == nil and t[tostring(i)] == nil then
			return false
		end
	end
	return true
end

-- Whether all keys are indices; without gaps, unless the mode is "fast".
function table_tools.is_array(t, mode)
	if type(t) ~= "table" then
		return false
	elseif mode == "lapis" then
		return table_tools.is_lapis_array(t)
	end
	local only_indices, no_gap = has_only_indices(t)
	return only_indices and (no_gap or mode == "fast") or false
end

-- The lists one after the other, in a new one.
function table_tools.concat(...)
	local result = {}
	for _, list in ipairs({ ... }) do
		for _, value in ipairs(list) do
			result[#result + 1] = value
		end
	end
	return result
end

-- ---- deep merges ----

-- A copy of both; tables under the same key are merged in turn.
function table_tools.deep_merge(first, second)
	local result = table_tools.deep_copy(first)
	for key, value in pairs(second) do
		if type(value) == "table" and type(result[key]) == "table" then
			result[key] = table_tools.deep_merge(result[key], value)
		else
			result[key] = table_tools.deep_copy(value)
		end
	end
	return result
end

-- The same with cycle_aware_deep_copy.
function table_tools.cycle_aware_deep_merge(first, second, remove_metatables, deep_copy_keys, cache)
	cache = cache or {}
	local function copy(value)
		return table_tools.cycle_aware_deep_copy(value, remove_metatables, deep_copy_keys, cache)
	end
	local result = copy(first)
	for key, value in pairs(second) do
		if type(value) == "table" and type(result[key]) == "table" then
			result[key] = table_tools.cycle_aware_deep_merge(result[key], value, remove_metatables,
				deep_copy_keys, cache)
		else
			result[key] = copy(value)
		end
	end
	return result
end

-- ---- errors, paths ----

local several = {}

-- Adds an error under a key; a second one makes a list of it. Returns the table, made if there was none.
function table_tools.add_error(errors, key, text)
	errors = errors or {}
	local old = errors[key]
	if not old then
		errors[key] = text
	elseif getmetatable(old) == several then
		old[#old + 1] = text
	else
		errors[key] = setmetatable({ old, text }, several)
	end
	return errors
end

-- t[path[1]][path[2]]...; nil where there is nothing.
function table_tools.table_path(t, path)
	for _, key in ipairs(path) do
		t = t[key]
		if t == nil then
			return nil
		end
	end
	return t
end

return table_tools
