-- The entity checks: rules that hold between the fields of an entity.
--
-- Each is called with the fields that it names, its argument, the schema and the errors so far. It
-- returns true, or nil, what the text of its name is filled with, and a text that stands instead of it.
-- `sources` are the members of the argument that name fields; without them the argument is a list of
-- fields. `required` says whose fields must be there (all of them without `sources`).

local texts = require "outrigger.schema.texts"
local values = require "outrigger.schema.values"

local null, get_path, is_nonempty, quoted = values.null, values.get_path, values.is_nonempty,
	values.quoted_list

local checkers = {}

local function nonempty(entity, names)
	local found = {}
	for _, name in ipairs(names or {}) do
		if is_nonempty(get_path(entity, name)) then
			found[#found + 1] = name
		end
	end
	return found
end

-- The definition of a field with other validators in front.
local function matches(schema, match, path, value)
	setmetatable(match, { __index = values.find_definition(schema, path) })
	return schema:validate_field(match, value)
end

local function at_least_one_of(entity, names)
	return #nonempty(entity, names) > 0 or nil, quoted(names)
end

checkers.at_least_one_of = {
	run_with_missing_fields = true,
	run_with_invalid_fields = true,
	fn = at_least_one_of,
}

local function one_of_or_text(entity, names, text)
	local ok, list = at_least_one_of(entity, names)
	return ok, list, text and text:format(list)
end

checkers.conditional_at_least_one_of = {
	run_with_missing_fields = true,
	run_with_invalid_fields = true,
	sources = { "if_field", "then_at_least_one_of", "else_then_at_least_one_of" },
	required = {},
	fn = function(entity, arg, schema)
		local value = get_path(entity, arg.if_field)
		if value == nil then
			return true
		elseif matches(schema, arg.if_match, arg.if_field, value) then
			return one_of_or_text(entity, arg.then_at_least_one_of, arg.then_err)
		elseif arg.else_match and matches(schema, arg.else_match, arg.if_field, value) then
			return one_of_or_text(entity, arg.else_then_at_least_one_of, arg.else_then_err)
		end
		return true
	end,
}

checkers.only_one_of = {
	run_with_invalid_fields = true,
	fn = function(entity, names)
		return #nonempty(entity, names) == 1 or nil, quoted(names)
	end,
}

checkers.distinct = {
	run_with_invalid_fields = true,
	fn = function(entity, names)
		local seen = {}
		for _, name in ipairs(nonempty(entity, names)) do
			local value = get_path(entity, name)
			if seen[value] then
				return nil, quoted(names)
			end
			seen[value] = true
		end
		return true
	end,
}

checkers.conditional = {
	run_with_invalid_fields = true,
	sources = { "if_field", "then_field" },
	required = { if_field = true },
	fn = function(entity, arg, schema, errors)
		local value = get_path(entity, arg.then_field)
		if value == nil then
			value = null
		end
		if not matches(schema, arg.if_match, arg.if_field, get_path(entity, arg.if_field)) then
			return true
		elseif arg.then_match.required == true and value == null then
			values.set_path(errors, arg.then_field, texts.required)
			return nil, arg.if_field
		end
		local ok, err = matches(schema, arg.then_match, arg.then_field, value)
		if ok then
			return true
		end
		values.set_path(errors, arg.then_field, err)
		return nil, arg.if_field, arg.then_err and arg.then_err:format(arg.if_field)
	end,
}

checkers.custom_entity_check = {
	sources = { "field_sources" },
	required = { field_sources = true },
	fn = function(entity, arg)
		return arg.fn(entity)
	end,
}

checkers.mutually_required = {
	run_with_missing_fields = true,
	fn = function(entity, names)
		local count = #nonempty(entity, names)
		return count == 0 or count == #names or nil, quoted(names)
	end,
}

checkers.mutually_exclusive = {
	run_with_missing_fields = true,
	fn = function(entity, names)
		return #nonempty(entity, names) <= 1 or nil, quoted(names)
	end,
}

checkers.mutually_exclusive_sets = {
	run_with_missing_fields = true,
	sources = { "set1", "set2" },
	required = {},
	fn = function(entity, arg)
		local first, second = nonempty(entity, arg.set1), nonempty(entity, arg.set2)
		return #first == 0 or #second == 0 or nil, quoted({ first, second })
	end,
}

return checkers
