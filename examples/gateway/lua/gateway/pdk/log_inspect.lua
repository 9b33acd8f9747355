-- log_inspect.lua - values as text for people, tables with sorted keys.

local show

local function key_text(key)
	if type(key) == "string" and key:match("^[%a_][%w_]*$") then
		return key
	end
	return "[" .. show(key, "") .. "]"
end

local function show_table(value, indent, seen)
	if seen[value] then
		return "<table>"
	end
	seen[value] = true
	local keys = {}
	for key in pairs(value) do
		keys[#keys + 1] = key
	end
	table.sort(keys, function(a, b)
		return tostring(a) < tostring(b)
	end)
	if #keys == 0 then
		return "{}"
	end
	local lines, inner = {}, indent .. "  "
	for _, key in ipairs(keys) do
		lines[#lines + 1] = inner .. key_text(key) .. " = " .. show(value[key], inner, seen)
	end
	return "{\n" .. table.concat(lines, ",\n") .. "\n" .. indent .. "}"
end

function show(value, indent, seen)
	if type(value) == "string" then
		return ("%q"):format(value)
	elseif type(value) == "table" then
		return show_table(value, indent, seen or {})
	end
	return tostring(value)
end

return function(...)
	local parts = {}
	for i = 1, select("#", ...) do
		parts[i] = show((select(i, ...)), "")
	end
	return table.concat(parts, " ")
end
