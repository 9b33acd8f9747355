-- Validation of a whole entity: its fields one by one, then what holds between them.

local json_schema = require "outrigger.schema.json_schema"
local texts = require "outrigger.schema.texts"
local values = require "outrigger.schema.values"

local null = values.null

-- The JSON schema that a field of type json has for this input: it may be one that the value of another
-- field names. nil, err when there must be one.
local function find_json_schema(field, name, input)
	local wanted = field.json_schema
	if wanted.inline then
		return wanted.inline
	end
	local parent = wanted.parent_subschema_key
	local key = input[parent]
	if not key then
		return nil, not wanted.optional and texts.json_parent_missing:format(name, parent) or nil
	end
	local full_name = wanted.namespace .. "/" .. tostring(key)
	local found = json_schema.get_schema(full_name) or wanted.default
	if not found and not wanted.optional then
		return nil, texts.json_schema_missing:format(full_name)
	end
	return found
end

local function validate_json(field, name, input)
	local schema, err = find_json_schema(field, name, input)
	if schema then
		return json_schema.validate(input[name], schema)
	end
	return not err or nil, err
end

-- Fields that are not validated: they are the DAO's business.
local function is_skipped(self, name)
	return name == "updated_at" or name == "ttl" and self.ttl
end

local function is_json(field)
	return field and field.type == "json"
end

-- A value of type "self" is validated by the definition that it stands in.
local function validate_self(self, input, value)
	local ok, valid, err = pcall(self.validate_field, self, input, value)
	if not ok then
		return nil, texts.cannot_validate
	end
	return valid, err
end

local function validate_named(self, name, value, input)
	local subschema = self:subschema_of(input)
	local field = self.fields[tostring(name)]
	local special = subschema and subschema.fields[tostring(name)]
	if is_json(field) or is_json(special) then
		return validate_json(special or field, name, input)
	elseif field and field.type == "self" then
		return validate_self(self, input, value)
	elseif is_skipped(self, name) then
		return true
	elseif not field then
		return nil, texts.unknown
	end
	return self:validate_field(special or field, value)
end

local function validate_fields(self, input)
	assert(type(input) == "table", texts.input)
	local errors = {}
	for name, value in pairs(input) do
		local _, err = validate_named(self, name, value, input)
		errors[name] = err
	end
	return errors
end

-- The errors when it can't be told by which subschema to validate; else nil.
local function find_subschema_error(self, input)
	local key = self.subschema_key and input[self.subschema_key]
	if not self.subschema_key then
		return nil
	elseif key == nil or key == null then
		return { [self.subschema_key] = texts.required }
	elseif not self:subschema_of(input) then
		local text = self.subschema_error or texts.unknown_subschema
		local name = type(key) == "table" and key[1] or key
		return { [self.subschema_key] = text:format(tostring(name)) }
	end
end

return function(Schema)
	-- true, or nil and a table of errors by field; those between fields are a list in "@entity". `full`
	-- (default true): required fields may not be missing. The input before transformations and the
	-- entity that is updated matter to transformations only.
	function Schema:validate(input, full, original, stored)
		full = full ~= false
		local errors = find_subschema_error(self, input)
		if errors then
			return nil, errors
		end
		errors = validate_fields(self, input)
		for name, field in self:each_field() do
			if field.required and (input[name] == null or full and input[name] == nil) then
				errors[name] = texts.required
			end
		end
		self:run_entity_checks(input, { full = full, errors = errors })
		self:check_transformations({ input = input, original = original, stored = stored },
			errors)
		if next(errors) ~= nil then
			return nil, errors
		end
		return true
	end

	function Schema:validate_insert(input, original)
		return self:validate(input, true, original)
	end

	function Schema:validate_upsert(input, original)
		return self:validate(input, true, original)
	end

	function Schema:validate_update(input, original, stored)
		return texts.while_updating(self.validate, self, input, false, original, stored)
	end

	-- A table that has the primary key's fields and, unless `ignore_others`, nothing else.
	function Schema:validate_primary_key(key, ignore_others)
		local errors, names = {}, {}
		for _, name in ipairs(self.primary_key) do
			local field, value = self.fields[name], key[name]
			names[name] = true
			if not value then
				errors[name] = texts.missing_primary
			elseif (field.required or field.auto) and value == null then
				errors[name] = texts.required
			else
				local _, err = self:validate_field(field, value)
				errors[name] = err
			end
		end
		for name in pairs(ignore_others and {} or key) do
			if not names[name] then
				errors[name] = texts.not_primary
			end
		end
		if next(errors) ~= nil then
			return nil, errors
		end
		return true
	end

	function Schema:validate_immutable_fields(input, stored)
		local errors = {}
		for name, field in self:each_field(input) do
			local same = values.is_sequence(input[name]) and values.same_elements or values.equal
			if field.immutable and stored[name] ~= nil and not same(input[name], stored[name]) then
				errors[name] = texts.immutable
			end
		end
		if next(errors) ~= nil then
			return nil, errors
		end
		return true, errors
	end
end
