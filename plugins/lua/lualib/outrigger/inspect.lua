-- Any value as readable text, in the format of the gateway's kong.log.inspect: texts quoted,
-- lists in one line, other fields a line each, keys sorted.

local MAX_DEPTH = 32

local render

local function sort_keys(a, b)
	if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then
		return a < b
	end
	return type(a) < type(b) or type(a) == type(b) and tostring(a) < tostring(b)
end

-- The keys beyond the list 1..n.
local function other_keys(t)
	local keys, n = {}, #t
	for key in pairs(t) do
		local listed = type(key) == "number" and key >= 1 and key <= n and key % 1 == 0
		if not listed then
			keys[#keys + 1] = key
		end
	end
	table.sort(keys, sort_keys)
	return keys
end

local function key_text(key, state)
	if type(key) == "string" and key:match("^[%a_][%w_]*$") then
		return key
	end
	return "[" .. render(key, state) .. "]"
end

local function fields_text(t, keys, state)
	local gap = "\n" .. ("  "):rep(state.depth)
	local parts = {}
	for i, key in ipairs(keys) do
		parts[i] = gap .. key_text(key, state) .. " = " .. render(t[key], state)
	end
	return parts
end

local function table_text(t, state)
	if state.open[t] then
		return "<cycle>"
	elseif state.depth >= MAX_DEPTH then
		return "{...}"
	end
	state.open[t], state.depth = true, state.depth + 1
	local parts = {}
	for i = 1, #t do
		parts[i] = " " .. render(t[i], state)
	end
	local fields = fields_text(t, other_keys(t), state)
	for _, field in ipairs(fields) do
		parts[#parts + 1] = field
	end
	state.open[t], state.depth = nil, state.depth - 1
	local close = #fields > 0 and "\n" .. ("  "):rep(state.depth) or #parts > 0 and " " or ""
	return "{" .. table.concat(parts, ",") .. close .. "}"
end

render = function(value, state)
	if type(value) == "string" then
		return '"' .. value:gsub('[\\"]', "\\%0"):gsub("\n", "\\n"):gsub("%z", "\\0") .. '"'
	elseif type(value) == "table" then
		return table_text(value, state)
	end
	return (type(value) == "number" or type(value) == "boolean" or value == nil) and tostring(value)
		or "<" .. tostring(value) .. ">"
end

return function(value)
	return render(value, { open = {}, depth = 0 })
end
