-- Is this table a plugin schema at all? The gateway's rules for the structure of a schema, with its texts,
-- so that a bad one is refused here and not at the gateway's start.

local MetaSubSchema = require("kong.db.schema.metaschema").MetaSubSchema
local entities = require "outrigger.schema.entities"
local meta_report = require "outrigger.schema.meta_report"

-- Parts of a definition that hold definitions.
local NESTED = { "fields", "elements", "keys", "values" }

-- The path at which a definition contains itself, or nil.
local function find_loop(value, path, open)
	if type(value) ~= "table" then
		return nil
	elseif open[value] then
		return path
	end
	open[value] = true
	local found
	for _, part in ipairs(NESTED) do
		found = found or find_loop(value[part], path == "" and part or path .. "." .. part, open)
	end
	for i, entry in ipairs(value) do
		local name, definition = next(type(entry) == "table" and entry or {})
		found = found or find_loop(definition, path:gsub("%.?fields$", "") ..
			(path == "fields" and "" or ".") .. tostring(name or i), open)
	end
	open[value] = nil
	return found
end

-- true, or nil and one text that names every fault.
return function(schema)
	if type(schema) ~= "table" then
		return nil, "the schema module must return a table, got: " .. type(schema)
	end
	local loop = find_loop(schema, "", {})
	if loop then
		return nil, ("schema violation (%s: the definition contains itself)"):format(loop)
	end
	local ok, errors = MetaSubSchema:validate(schema)
	if not ok then
		return nil, meta_report(errors, schema)
	end
	local entity, err
	ok, entity, err = pcall(entities.with_plugin, schema.name, schema)
	if not ok then
		return nil, entity
	end
	return entity and true, err
end
