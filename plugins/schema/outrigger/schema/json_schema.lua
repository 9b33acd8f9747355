-- Validation by JSON Schema (draft 4), for fields of type json.

local cycle_aware_deep_copy = require("kong.tools.table").cycle_aware_deep_copy
local draft4 = require "outrigger.schema.draft4"
local rules = require "outrigger.schema.json_rules"

local json_schema = { metaschema = draft4, DRAFT_4 = draft4.id }

local DEPTH_MAX = 128

local by_name = {}

-- What "#/definitions/a" is in the document. Other documents can't be referred to.
local function resolve(root, reference)
	local found = root
	for part in reference:match("^#(.*)$"):gmatch("[^/]+") do
		part = part:gsub("%%(%x%x)", function(hex)
			return string.char(tonumber(hex, 16))
		end):gsub("~1", "/"):gsub("~0", "~")
		local index = tonumber(part)
		found = type(found) == "table" and (found[part] or index and found[index + 1]) or nil
	end
	return found
end

local function follow(root, schema)
	for _ = 1, DEPTH_MAX do
		local reference = schema["$ref"]
		if type(reference) ~= "string" then
			return schema
		elseif reference:sub(1, 1) ~= "#" then
			return nil, "the JSON schema refers to another document: " .. reference
		end
		schema = resolve(root, reference)
		if type(schema) ~= "table" then
			return nil, "the JSON schema has no " .. reference
		end
	end
	return nil, "the JSON schema refers to itself"
end

local function has_id(id, is_draft_4)
	return type(id) == "string" and (id:gsub("#$", "") == draft4.id:gsub("#$", "")) == is_draft_4
end

-- true, or false and what is wrong.
function json_schema.validate(value, schema)
	local said = type(value) == "table" and value["$schema"]
	if has_id(schema.id or schema["$id"], true) and has_id(said, false) then
		return nil, ("unsupported document $schema: '%s', expected: %s"):format(said, draft4.id)
	end
	local context, depth = {}, 0
	function context.validate(item, item_schema)
		local err
		item_schema, err = follow(schema, item_schema)
		if not item_schema or depth >= DEPTH_MAX then
			return false, err or "the value is nested too deeply"
		end
		depth = depth + 1
		for _, rule in ipairs(rules) do
			err = rule(item, item_schema, context)
			if err then
				break
			end
		end
		depth = depth - 1
		return not err, err
	end
	return context.validate(value, schema)
end

-- Is a table a JSON schema?
function json_schema.validate_schema(schema)
	if type(schema) ~= "table" then
		return nil, "schema must be a table"
	end
	return json_schema.validate(schema, draft4)
end

function json_schema.add_schema(name, schema)
	by_name[name] = cycle_aware_deep_copy(schema, true)
end

function json_schema.get_schema(name)
	return by_name[name]
end

function json_schema.remove_schema(name)
	by_name[name] = nil
end

return json_schema
