-- Tables of errors as texts.

local errors_text = {}

local function sorted_keys(errors)
	local keys = {}
	for key in pairs(errors) do
		keys[#keys + 1] = key
	end
	table.sort(keys, function(a, b)
		if type(a) == type(b) then
			return a < b
		end
		return type(a) == "number"
	end)
	return keys
end

local function join(path, key)
	if type(key) == "number" then
		return ("%s[%d]"):format(path, key)
	end
	return path == "" and tostring(key) or path .. "." .. tostring(key)
end

local function collect(list, path, errors)
	if type(errors) ~= "table" then
		list[#list + 1] = { path = path, text = tostring(errors) }
		return
	end
	for _, text in ipairs(type(errors["@entity"]) == "table" and errors["@entity"] or {}) do
		list[#list + 1] = { path = path, text = tostring(text) }
	end
	for _, key in ipairs(sorted_keys(errors)) do
		if key ~= "@entity" then
			collect(list, join(path, key), errors[key])
		end
	end
end

-- {path, text} for each error, sorted: what holds between fields has the path of what contains them.
function errors_text.list(errors)
	local list = {}
	collect(list, "", errors)
	return list
end

-- The same as "path: text".
function errors_text.lines(errors)
	local lines = errors_text.list(errors)
	for i, entry in ipairs(lines) do
		lines[i] = entry.path == "" and entry.text or entry.path .. ": " .. entry.text
	end
	return lines
end

local function summary(count, text)
	return count == 1 and ("schema violation (%s)"):format(text)
		or ("%d schema violations (%s)"):format(count, text)
end

-- All errors in one text: "2 schema violations (config.a: ...; config.b: ...)". Where it would have more
-- than `limit` bytes, the last ones are left with their paths alone.
function errors_text.violation(errors, limit)
	local list, lines = errors_text.list(errors), errors_text.lines(errors)
	local text = summary(#list, table.concat(lines, "; "))
	for i = #list, 1, -1 do
		if not limit or #text <= limit then
			break
		end
		lines[i] = list[i].path ~= "" and list[i].path or lines[i]
		text = summary(#list, table.concat(lines, "; "))
	end
	return text
end

-- As the gateway writes them where they are no answer of its Admin API.
function errors_text.validation_error(errors)
	if type(errors) ~= "table" or next(errors) == nil then
		return nil
	end
	local parts = {}
	for _, err in pairs(errors["@entity"] or {}) do
		parts[#parts + 1] = tostring(err)
	end
	for _, err in ipairs(errors) do
		parts[#parts + 1] = tostring(err)
	end
	for _, key in ipairs(sorted_keys(errors)) do
		local err = errors[key]
		if type(key) == "string" and key ~= "@entity" then
			local text = type(err) == "table" and errors_text.validation_error(err) or err
			parts[#parts + 1] = key .. ": " .. tostring(text)
		end
	end
	return ("Validation error: %s"):format(table.concat(parts, "; "))
end

return errors_text
