-- Transformations: functions of a schema that change an entity when it is written and when it is read.

local texts = require "outrigger.schema.texts"
local values = require "outrigger.schema.values"

local get_path, is_nonempty = values.get_path, values.is_nonempty

local function any_is_set(entity, names)
	for _, name in ipairs(names or {}) do
		if is_nonempty(get_path(entity, name)) then
			return true
		end
	end
	return false
end

local function any_differs(entity, stored, names)
	for _, name in ipairs(stored and names or {}) do
		if get_path(entity, name) ~= get_path(stored, name) then
			return true
		end
	end
	return false
end

local function joined(first, second)
	local names = {}
	for _, list in ipairs({ first or {}, second or {} }) do
		for _, name in ipairs(list) do
			names[#names + 1] = name
		end
	end
	return names
end

-- What a transformation takes and needs must be given together.
local function check_one(self, transformation, run)
	local takes, needs = transformation.input, transformation.needs
	local given = run.original or run.input
	local changed = any_differs(given, run.stored, needs)
	if not changed and not any_is_set(given, takes) then
		return true
	end
	local all_or_none = self.entity_checkers.mutually_required.fn
	local ok, names = all_or_none(changed and run.original or run.input, joined(takes, needs))
	if ok and takes then
		ok, names = all_or_none(given, takes)
	end
	return ok, names
end

local function check_all(self, run, errors)
	for _, transformation in ipairs(self.transformations or {}) do
		local ok, names = check_one(self, transformation, run)
		if not ok then
			self.add_entity_error(errors, texts.mutually_required:format(names))
		end
	end
	local subschema = self:subschema_of(run.input)
	if subschema then
		check_all(subschema, run, errors)
	end
end

-- The values of `input` and `needs`, or nil when one is empty. What an earlier transformation made of a
-- field goes before what was given.
local function arguments(transformation, run)
	local args, count = {}, 0
	local given = run.output or run.original or run.input
	local current = run.output or run.input
	for _, name in ipairs(transformation.input or {}) do
		if not is_nonempty(get_path(given, name)) then
			return nil
		end
		count = count + 1
		args[count] = get_path(current, name)
	end
	for _, name in ipairs(transformation.needs or {}) do
		local value = get_path(current, name)
		if not is_nonempty(value) then
			return nil
		end
		count = count + 1
		args[count] = value
	end
	return args, count
end

local function run_one(self, transformation, run)
	local transform = transformation[run.hook]
	local args, count = { run.output or run.input }, 1
	if transformation.input or transformation.needs then
		args, count = arguments(transformation, run)
	end
	if not transform or not args then
		return true
	end
	local data, err = transform(unpack(args, 1, count))
	if err then
		return nil, texts.transformation:format(tostring(err))
	end
	run.output = self:merge_values(data, run.output or run.input)
	return true
end

local function run_all(self, input, original, context)
	local run = { input = input, original = original,
		hook = context == "select" and "on_read" or "on_write" }
	for _, transformation in ipairs(self.transformations or {}) do
		local ok, err = run_one(self, transformation, run)
		if not ok then
			return nil, err
		end
	end
	return run.output or input
end

return function(Schema)
	-- `run` is {input, original, stored}; see Schema:validate.
	function Schema:check_transformations(run, errors)
		check_all(self, run, errors)
	end

	function Schema:has_transformations(input)
		local subschema = self:subschema_of(input)
		return self.transformations ~= nil or subschema ~= nil and subschema.transformations ~= nil
	end

	-- The entity after the transformations of a context (insert, update, upsert, select), or nil, err.
	function Schema:transform(input, original, context)
		local output, err = run_all(self, input, original, context)
		local subschema = output and self:subschema_of(input)
		if subschema then
			output, err = run_all(subschema, output, original, context)
		end
		return output, err
	end
end
