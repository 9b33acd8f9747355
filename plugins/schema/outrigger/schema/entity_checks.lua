-- Runs the entity checks of a schema, and its own check function.

local checkers = require "outrigger.schema.checkers"
local inspect = require "outrigger.inspect"
local texts = require "outrigger.schema.texts"
local values = require "outrigger.schema.values"

local null = values.null

local function add_entity_error(errors, err)
	errors["@entity"] = errors["@entity"] or {}
	table.insert(errors["@entity"], err)
end

-- The fields that a check names, and a set of those that it needs.
local function fields_of(checker, arg)
	local names, needed = {}, {}
	local function add(list, is_needed)
		for _, name in ipairs(type(list) == "table" and list or { list }) do
			names[#names + 1] = name
			needed[name] = needed[name] or is_needed
		end
	end
	if not checker.sources then
		add(arg, true)
	end
	for _, source in ipairs(checker.sources or {}) do
		add(arg[source], checker.required[source])
	end
	return names, needed
end

-- Whether a value waits in a vault.
local function is_held_back(field, value)
	return field and field.type == "string" and field.referenceable and values.is_reference(value)
end

-- What a check gets to see: {input, missing, all_nil, has_errors}; nil when a value waits in a vault.
local function project(self, input, check, errors)
	local view = { input = {}, missing = {}, all_nil = true }
	for _, name in ipairs(check.names) do
		local value, field = values.get_path(input, name), values.find_definition(self, name)
		if value == nil then
			if check.needed[name] and not check.runs_with_missing and
				not (field and field.nilable) then
				table.insert(view.missing, name)
			end
		elseif is_held_back(field, value) then
			return nil
		else
			view.all_nil = false
		end
		view.has_errors = view.has_errors or errors[name] ~= nil
		values.set_path(view.input, name, value)
	end
	return view
end

local function error_text(name, arg, err)
	local text = texts[name]
	if text then
		return text:format(tostring(err))
	elseif err then
		return err
	end
	return texts.any_check:format(name, (inspect({ name = arg }):gsub("%s+", " ")))
end

local function run_check(self, name, arg, input, run)
	local checker, errors = self.entity_checkers[name], run.errors
	local check = { runs_with_missing = checker.run_with_missing_fields or
		arg.run_with_missing_fields }
	check.names, check.needed = fields_of(checker, arg)
	local view = project(self, input, check, errors)
	if not view then
		return
	elseif view.has_errors and not (checker.run_with_invalid_fields or
		arg.run_with_invalid_fields) then
		return
	elseif view.all_nil and not (checker.run_with_missing_fields and run.full) then
		return
	elseif #view.missing > 0 then
		for _, field in ipairs(view.missing) do
			values.set_path(errors, field, texts.needed_by_check)
		end
		return
	end
	local ok, err, own_text = checker.fn(view.input, arg, self, errors)
	if not ok then
		add_entity_error(errors, own_text or error_text(name, arg, err))
	end
end

local function run_list(self, checks, input, run)
	for _, entry in ipairs(checks or {}) do
		local name, arg = next(entry)
		if arg and arg ~= null then
			run_check(self, name, arg, input, run)
		end
	end
end

-- The schema as the checks of a subschema see it: with the subschema's fields.
local function with_fields_of(self, subschema)
	local fields = setmetatable({}, { __index = function(_, name)
		return subschema.fields[name] or self.fields[name]
	end })
	return setmetatable({}, { __index = function(_, key)
		return key == "fields" and fields or self[key]
	end })
end

local function take_own_errors(errors, err)
	if type(err) ~= "table" then
		add_entity_error(errors, type(err) == "string" and err or texts.check)
		return
	end
	for key, value in pairs(err) do
		if type(key) == "number" then
			add_entity_error(errors, value)
		else
			errors[key] = value
		end
	end
end

-- The schema's own function needs all fields.
local function run_own(self, input, errors)
	local is_whole = true
	for name, field in self:each_field() do
		if input[name] == nil and not field.nilable then
			errors[name] = texts.needed_by_check
			is_whole = false
		end
	end
	if is_whole then
		local ok, err = self.check(input)
		if not ok then
			take_own_errors(errors, err)
		end
	end
end

return function(Schema)
	Schema.entity_checkers = checkers

	-- `run` is {full = the entity must be complete, errors = where they are put}.
	function Schema:run_entity_checks(input, run)
		run_list(self, self.entity_checks, input, run)
		local subschema = self:subschema_of(input)
		if subschema and next(subschema.entity_checks or {}) then
			run_list(with_fields_of(self, subschema), subschema.entity_checks, input, run)
		end
		if self.check and run.full then
			run_own(self, input, run.errors)
		end
	end

	Schema.add_entity_error = add_entity_error
end
