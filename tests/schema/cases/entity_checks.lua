-- What holds between the fields of an entity.

return function(tools)
	local null = tools.null

	local function fields(more)
		local list = {
			{ a = { type = "string" } }, { b = { type = "string" } }, { n = { type = "integer" } },
			{ r = { type = "record", required = true, fields = {
				{ x = { type = "string", len_min = 0 } }, { y = { type = "string" } } } } },
			{ secret = { type = "string", referenceable = true } },
			{ list = { type = "array", elements = { type = "string" } } },
		}
		for _, field in ipairs(more or {}) do
			list[#list + 1] = field
		end
		return list
	end

	local function checked(...)
		return { fields = fields(), entity_checks = { ... } }
	end

	local FILLED = { { a = "1", b = "2" }, { a = "1" }, { b = "2" }, {}, { a = null }, { a = "1", b = null } }

	local function not_both(entity)
		if entity.a == "raise" then
			error("raised")
		elseif entity.a == "table" then
			return nil, { "in a table" }
		elseif entity.a == "plain" then
			return nil
		end
		return not (entity.a == "1" and entity.b == "2") or nil, "not both"
	end

	return {
		{ "at_least_one_of", checked({ at_least_one_of = { "a", "b" } }), FILLED },
		{ "at_least_one_of empties", checked({ at_least_one_of = { "list", "r.x" } }),
			{ { list = {} }, { list = { "a" } }, { r = { x = "" } }, { r = { x = "a" } } } },
		{ "at_least_one_of with a bad field", checked({ at_least_one_of = { "a", "b" } }),
			{ { a = 5 }, { n = "x" } } },
		{ "only_one_of", checked({ only_one_of = { "a", "b" } }), FILLED },
		{ "distinct", checked({ distinct = { "a", "b" } }),
			{ { a = "1", b = "1" }, { a = "1", b = "2" }, { a = "1" }, {} } },
		{ "mutually_required", checked({ mutually_required = { "a", "b" } }), FILLED },
		{ "mutually_exclusive", checked({ mutually_exclusive = { "a", "b" } }), FILLED },
		{ "mutually_exclusive_sets", checked({ mutually_exclusive_sets = { set1 = { "a", "b" },
			set2 = { "n", "r.y" } } }), { { a = "1", b = "2" }, { n = 1 }, { a = "1", n = 1 },
			{ a = "1", b = "2", n = 1, r = { y = "y" } }, {} } },
		{ "conditional", checked({ conditional = { if_field = "a", if_match = { eq = "x" },
			then_field = "b", then_match = { required = true } } }),
			{ { a = "x" }, { a = "x", b = "1" }, { a = "y" }, {}, { b = "1" } } },
		{ "conditional with validators", checked({ conditional = { if_field = "a", if_match = { match = "^x" },
			then_field = "n", then_match = { gt = 5 } } }), { { a = "xx", n = 3 }, { a = "xx", n = 6 },
			{ a = "xx" }, { a = "xx", n = "bad" } } },
		{ "conditional with a text", checked({ conditional = { if_field = "a", if_match = { one_of = { "x" } },
			then_field = "b", then_match = { len_min = 3 }, then_err = "%s asks for more" } }),
			{ { a = "x", b = "12" }, { a = "x", b = "123" } } },
		{ "conditional on nested fields", checked({ conditional = { if_field = "r.x", if_match = { eq = "go" },
			then_field = "r.y", then_match = { required = true } } }), { { r = { x = "go" } },
			{ r = { x = "go", y = "1" } }, { r = { x = "no" } } } },
		{ "conditional that forbids", checked({ conditional = { if_field = "a", if_match = { ne = null },
			then_field = "b", then_match = { eq = null } } }), { { a = "1", b = "2" }, { a = "1" }, { b = "2" } } },
		{ "conditional on elements", checked({ conditional = { if_field = "list", if_match = {
			elements = { type = "string", one_of = { "a" } } }, then_field = "a", then_match = { required = true } } }),
			{ { list = { "a" } }, { list = { "b" } }, { list = { "a" }, a = "1" } } },
		{ "conditional that contains", checked({ conditional = { if_field = "list", if_match = { contains = "k" },
			then_field = "a", then_match = { required = true } } }), { { list = { "k" } }, { list = { "b" } } } },
		{ "conditional_at_least_one_of", checked({ conditional_at_least_one_of = { if_field = "a",
			if_match = { eq = "x" }, then_at_least_one_of = { "b", "n" } } }),
			{ { a = "x" }, { a = "x", n = 1 }, { a = "y" }, {} } },
		{ "conditional_at_least_one_of with a text", checked({ conditional_at_least_one_of = { if_field = "a",
			if_match = { eq = "x" }, then_at_least_one_of = { "b", "n" }, then_err = "give one of %s" } }),
			{ { a = "x" } } },
		{ "conditional_at_least_one_of with else", checked({ conditional_at_least_one_of = { if_field = "a",
			if_match = { eq = "x" }, then_at_least_one_of = { "b" }, else_match = { eq = "y" },
			else_then_at_least_one_of = { "n" }, else_then_err = "else give %s" } }),
			{ { a = "x" }, { a = "x", b = "1" }, { a = "y" }, { a = "y", n = 1 }, { a = "z" } } },
		{ "conditional_at_least_one_of with else, no text", checked({ conditional_at_least_one_of = {
			if_field = "a", if_match = { eq = "x" }, then_at_least_one_of = { "b" }, else_match = { eq = "y" },
			else_then_at_least_one_of = { "n", "b" } } }), { { a = "y" } } },
		{ "custom_entity_check", checked({ custom_entity_check = { field_sources = { "a", "b" }, fn = not_both } }),
			{ { a = "1", b = "2" }, { a = "1", b = "1" }, { a = "1" }, { a = "raise" }, { a = "table" }, {} } },
		{ "custom_entity_check sees named fields only", checked({ custom_entity_check = { field_sources = { "a", "r.x" },
			fn = function(entity)
				return nil, tools.encode(entity)
			end } }), { { a = "1", b = "2", r = { x = "x", y = "y" } } } },
		{ "custom_entity_check with a bad field", checked({ custom_entity_check = { field_sources = { "a", "n" },
			fn = not_both } }), { { a = "1", n = "x" } } },
		{ "custom_entity_check that runs with bad fields", checked({ custom_entity_check = {
			field_sources = { "a", "n" }, run_with_invalid_fields = true, fn = function()
				return nil, "it ran"
			end } }), { { a = "1", n = "x" } } },
		{ "a secret holds a check back", checked({ only_one_of = { "secret", "a" } }),
			{ { secret = "s", a = "1" }, { secret = "{vault://env/s}", a = "1" } } },
		{ "several checks", checked({ at_least_one_of = { "a", "b" } }, { only_one_of = { "n", "secret" } }),
			{ {}, { a = "1", n = 1 } } },
		{ "check function", { fields = fields(), check = function(entity)
			if entity.a == "text" then
				return nil, "checked"
			elseif entity.a == "table" then
				return nil, { "first", b = "wrong", [2] = "second" }
			elseif entity.a == "nothing" then
				return nil
			end
			return true
		end }, { { a = "text" }, { a = "table" }, { a = "nothing" }, { a = "1" } } },
		{ "update: at_least_one_of", checked({ at_least_one_of = { "a", "b" } }),
			{ { a = null, b = null }, { a = "1" }, { n = 1 } }, how = "update" },
		{ "update: conditional_at_least_one_of", checked({ conditional_at_least_one_of = { if_field = "a",
			if_match = { eq = "x" }, then_at_least_one_of = { "b" } } }), { { a = "x" } }, how = "update" },
		{ "update: only_one_of needs all fields", checked({ only_one_of = { "a", "b" } }),
			{ { a = "1" }, { a = "1", b = "2" }, { n = 1 } }, how = "update" },
		{ "update: conditional", checked({ conditional = { if_field = "a", if_match = { eq = "x" },
			then_field = "b", then_match = { required = true } } }), { { a = "x" }, { b = "1" } }, how = "update" },
		{ "update: custom_entity_check", checked({ custom_entity_check = { field_sources = { "a", "b" },
			fn = not_both } }), { { a = "1" }, { a = "1", b = "2" } }, how = "update" },
		{ "update: custom_entity_check with missing fields", checked({ custom_entity_check = {
			field_sources = { "a", "b" }, run_with_missing_fields = true, fn = function(entity)
				return nil, tools.encode(entity)
			end } }), { { a = "1" } }, how = "update" },
		{ "update: mutually_required", checked({ mutually_required = { "a", "b" } }),
			{ { a = "1" }, { a = "1", b = "2" } }, how = "update" },
	}
end
