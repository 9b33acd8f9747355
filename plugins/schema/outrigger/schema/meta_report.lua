-- What is wrong with a schema, by the names of its fields: the definition of definitions speaks of the
-- third entry in the list of fields.

local errors_text = require "outrigger.schema.errors_text"
local texts = require "outrigger.schema.texts"

local collect

local function join(path, name)
	return path == "" and name or path .. "." .. name
end

local function add(found, path, text)
	text = text == texts.needed_by_check and texts.required or text
	local line = path == "" and text or path .. ": " .. text
	if not found.seen[line] then
		found.seen[line] = true
		found[#found + 1] = line
	end
end

local function collect_fields(found, path, errors, fields)
	if type(errors) ~= "table" then
		add(found, join(path, "fields"), errors)
		return
	end
	for i, err in pairs(errors) do
		local entry = type(fields) == "table" and fields[i]
		local name = type(entry) == "table" and type(next(entry)) == "string" and next(entry)
		if name and type(err) == "table" then
			collect(found, join(path, name), err, entry[name])
		else
			add(found, join(path, name or "fields"), tostring(err))
		end
	end
end

local NESTED = { elements = true, keys = true, values = true }

local function collect_member(found, path, key, err, definition)
	local inner = type(definition) == "table" and definition[key]
	if key == "fields" then
		collect_fields(found, path, err, inner)
	elseif NESTED[key] and type(err) == "table" then
		collect(found, join(path, key), err, inner)
	elseif key == "@entity" then
		for _, text in ipairs(err) do
			add(found, path, text)
		end
	else
		for _, entry in ipairs(errors_text.list({ [key] = err })) do
			add(found, join(path, entry.path), entry.text)
		end
	end
end

collect = function(found, path, errors, definition)
	for key, err in pairs(errors) do
		-- said better by the check of the parts
		local is_said = key == "type" and err == texts.required and path ~= ""
		if not is_said then
			collect_member(found, path, key, err, definition)
		end
	end
end

-- One text for the errors of a schema.
return function(errors, schema)
	local found = { seen = {} }
	collect(found, "", errors, schema)
	table.sort(found)
	if #found == 1 then
		return ("schema violation (%s)"):format(found[1])
	end
	return ("%d schema violations (%s)"):format(#found, table.concat(found, "; "))
end
