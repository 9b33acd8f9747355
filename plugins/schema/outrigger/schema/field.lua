-- Validation of one value by its definition.

local rules = require "outrigger.schema.rules"
local texts = require "outrigger.schema.texts"
local values = require "outrigger.schema.values"

local null = values.null

-- By type: true, or nil and a text or a table of errors. `stop` as a second result: no validator runs.
local by_type = {}

local function validate_elements(self, field, list)
	local errors
	field.elements.required = true
	for i = 1, #list do
		local ok, err = self:validate_field(field.elements, list[i])
		if not ok then
			errors = errors or {}
			errors[i] = err
		end
	end
	return not errors or nil, errors
end

function by_type.array(self, field, value)
	if not values.is_sequence(value) then
		return nil, texts.array
	end
	return validate_elements(self, field, value)
end

function by_type.set(self, field, value)
	if not values.is_sequence(value) then
		return nil, texts.set
	end
	return validate_elements(self, field, value)
end

function by_type.map(self, field, value)
	if type(value) ~= "table" then
		return nil, texts.map
	end
	field.keys.required, field.values.required = true, true
	for key, item in pairs(value) do
		local ok, err = self:validate_field(field.keys, key)
		if ok then
			ok, err = self:validate_field(field.values, item)
		end
		if not ok then
			return nil, err
		end
	end
	return true
end

function by_type.record(self, field, value)
	if type(value) ~= "table" then
		return nil, texts.record
	end
	local record = self.schema_of(field)
	local completed, err = record:process_auto_fields(value, "insert")
	if not completed then
		return nil, err
	end
	return record:validate(completed)
end

function by_type.foreign(_, field, value)
	local schema = field.schema
	if not (schema and schema.validate_primary_key) then
		return true
	elseif type(value) ~= "table" then
		return nil, { [schema.primary_key[1]] = texts.missing_primary }
	end
	local ok, errors = schema:validate_primary_key(value, true)
	if ok then
		return true
	end
	-- another unique field may name the entity
	local named, named_errors = schema:validate(value, false)
	return nil, not named and named_errors or errors
end

function by_type.integer(_, _, value)
	if type(value) == "number" and value == math.floor(value) and math.abs(value) ~= math.huge then
		return true
	end
	return nil, texts.integer
end

function by_type.string(_, field, value)
	if type(value) ~= "string" then
		return nil, texts.string
	end
	field.len_min = field.len_min or 1
	return true, field.referenceable and values.is_reference(value)
end

by_type["function"] = function(_, _, value)
	return type(value) == "function" or nil, texts["function"]
end

local function validate_plain(self, field, value)
	if self.valid_types[field.type] then
		return type(value) == field.type or nil, texts[field.type]
	elseif field.type ~= "any" then
		return nil, texts.unknown_type:format(tostring(field.type))
	end
	return true
end

local function validate_null(field)
	if field.ne == null then
		return nil, field.err or texts.ne:format("null")
	elseif field.eq ~= nil and field.eq ~= null then
		return nil, texts.eq:format(tostring(field.eq))
	elseif field.required then
		return nil, texts.required
	end
	return true
end

-- Tells of a deprecated field that says something else than it did by default.
local function warn_if_deprecated(self, field, value)
	local deprecation = field.deprecation
	if deprecation and self.on_deprecated and
		(deprecation.old_default == nil or not values.equal(value, deprecation.old_default)) then
		self.on_deprecated(deprecation)
	end
end

return function(Schema)
	Schema.valid_types = {
		array = true, set = true, string = true, number = true, boolean = true, integer = true,
		foreign = true, map = true, record = true, ["function"] = true, json = true,
	}
	Schema.validators = rules.validate
	Schema.validators_order = rules.order

	-- true, or nil and a text or a table of errors. The value may be null.
	function Schema:validate_field(field, value)
		if value == null then
			return validate_null(field)
		elseif field.eq == null then
			return nil, field.err or texts.eq:format("null")
		elseif field.abstract then
			return nil, texts.abstract
		end
		warn_if_deprecated(self, field, value)
		local ok, err = (by_type[field.type] or validate_plain)(self, field, value)
		if not ok then
			return nil, err
		elseif err == true then
			return true
		end
		return rules.run(self.validators, field, value)
	end
end
