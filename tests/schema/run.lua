-- Runs a table of cases with kong.db.schema, whosever it is, and returns what came out, a line each.
--
-- A file of cases returns a function(tools) that returns rows {name, definition, inputs, how = ...}. The
-- definition is that of one field, or of an entity where it has `fields` and no type. `how` is insert (the
-- default), update, upsert, select, meta (the definition is a plugin's schema, and the inputs are variants
-- of it), primary_key, plugin (the definition is a plugin's schema and the inputs are its configs) or call
-- (the definition is a function that is called with each input).

local Entity = require "kong.db.schema.entity"
local MetaSchema = require "kong.db.schema.metaschema"
local Schema = require "kong.db.schema"
local typedefs = require "kong.db.schema.typedefs"

local null = ngx.null

-- One text for a value; what is made up is written as its kind.
local encode

local function encode_text(value)
	if value:find("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$") and value:sub(1, 4) ~= "0f5c" then
		return "<uuid>"
	elseif #value == 32 and value:find("^%w+$") then
		return "<random>"
	end
	return '"' .. value:gsub('[%c"\\\127-\255]', function(char)
		return ("\\%03d"):format(char:byte())
	end):gsub("0x%x+", "0x") .. '"'
end

local function sorted_keys(tab)
	local keys = {}
	for key in pairs(tab) do
		keys[#keys + 1] = key
	end
	table.sort(keys, function(a, b)
		return type(a) == type(b) and a < b or type(a) ~= type(b) and type(a) == "number"
	end)
	return keys
end

local function encode_table(tab)
	local parts, keys = {}, sorted_keys(tab)
	local is_list = #keys > 0 and keys[#keys] == #keys
	for i, key in ipairs(keys) do
		parts[i] = (is_list and "" or tostring(key) .. "=") .. encode(tab[key])
	end
	return (is_list and "[" or "{") .. table.concat(parts, ", ") .. (is_list and "]" or "}")
end

encode = function(value)
	if value == null then
		return "null"
	elseif type(value) == "string" then
		return encode_text(value)
	elseif type(value) == "table" then
		return encode_table(value)
	elseif type(value) == "number" and value > 1e9 and value < 1e10 then
		return "<time>"
	elseif type(value) == "function" then
		return "<function>"
	elseif value ~= value or value == 1 / 0 or value == -1 / 0 then
		return value ~= value and "<nan>" or value > 0 and "<inf>" or "<-inf>"
	end
	return tostring(value)
end

local function reference(name)
	assert(Schema.new({ name = name, primary_key = { "id" },
		fields = { { id = typedefs.uuid }, { name = typedefs.name } } }))
end

for _, name in ipairs({ "routes", "services", "consumers" }) do
	reference(name)
end

local function entity_of(definition)
	if definition.fields and not definition.type then
		definition.name = definition.name or "case"
		definition.primary_key = definition.primary_key or { "id" }
		return assert(Schema.new(definition))
	end
	return assert(Schema.new({ name = "case", primary_key = { "a" }, fields = { { a = definition } } }))
end

local function entity_input(definition, input)
	if definition.fields and not definition.type then
		return input
	end
	return { a = input }
end

local how = {}

local function write(context)
	return function(definition, input)
		local schema, entity = entity_of(definition), entity_input(definition, input)
		local completed, errors = schema:process_auto_fields(entity, context)
		if not completed then
			return "errors " .. encode(errors)
		end
		local ok
		ok, errors = schema["validate_" .. context](schema, completed, entity)
		if not ok then
			return "errors " .. encode(errors)
		end
		completed, errors = schema:transform(completed, entity, context)
		return completed and "ok " .. encode(completed) or "error " .. encode(errors)
	end
end

how.insert, how.update, how.upsert = write "insert", write "update", write "upsert"

function how.select(definition, input)
	local schema = entity_of(definition)
	local entity = assert(schema:transform(entity_input(definition, input), nil, "select"))
	return "ok " .. encode(schema:process_auto_fields(entity, "select", definition.nulls))
end

local TOP = { name = true, fields = true, entity_checks = true, shorthand_fields = true,
	transformations = true, check = true, no_consumer = true }

local function collect_texts(err, texts)
	for _, inner in pairs(type(err) == "table" and err or {}) do
		collect_texts(inner, texts)
	end
	if type(err) ~= "table" then
		texts[#texts + 1] = encode(err)
	end
end

local function sort_words(start, list)
	local words = {}
	for word in list:gmatch("[^, ]+") do
		words[#words + 1] = word
	end
	table.sort(words)
	return start .. table.concat(words, ", ")
end

-- What is said of a field at the top, by its name or by its path, is told without either; some lists of names
-- come in any order.
function how.meta(_, input)
	local ok, errors = MetaSchema.MetaSubSchema:validate(input)
	local shown, texts = {}, {}
	for key, err in pairs(errors or {}) do
		if TOP[key] then
			shown[key] = err
		else
			collect_texts(err, texts)
		end
	end
	table.sort(texts)
	shown["of fields"] = next(texts) and texts or nil
	local text = encode(shown):gsub("(expected one of: )([%w, ]+)", sort_words)
		:gsub("(must be non%-empty: )([%w_', ]+)", sort_words)
	return ok and "ok" or "errors " .. text
end

function how.primary_key(definition, input)
	local ok, errors = entity_of(definition):validate_primary_key(input, definition.ignore_others)
	return ok and "ok" or "errors " .. encode(errors)
end

local plugins = {
	name = "plugins", primary_key = { "id" }, subschema_key = "name",
	subschema_error = "plugin '%s' not enabled; add it to the 'plugins' configuration property",
	fields = {
		{ name = { type = "string", required = true } },
		{ consumer = { type = "foreign", reference = "consumers", default = null } },
		{ config = { type = "record", abstract = true } },
		{ protocols = typedefs.protocols },
	},
}

function how.plugin(definition, input)
	local entity = assert(Entity.new(plugins))
	local ok, err = entity:new_subschema("case", definition)
	if not ok then
		return "error " .. encode(err)
	end
	local completed, errors = entity:process_auto_fields(input, "insert")
	if not completed then
		return "errors " .. encode(errors)
	end
	ok, errors = entity:validate_insert(completed, input)
	return ok and "ok " .. encode(completed) or "errors " .. encode(errors)
end

function how.call(definition, input)
	return encode({ definition(input) })
end

local function run_row(row, lines)
	local run = how[row.how or "insert"]
	for _, input in ipairs(row[3]) do
		local shown = row.how == "meta" and "" or " " .. encode(input)
		local ok, result = pcall(run, row[2], input)
		lines[#lines + 1] = ("%s%s: %s"):format(row[1], shown, ok and result or "raises")
	end
end

return function(cases)
	local lines = {}
	for _, row in ipairs(cases({ null = null, typedefs = typedefs, encode = encode })) do
		run_row(row, lines)
	end
	return lines
end
