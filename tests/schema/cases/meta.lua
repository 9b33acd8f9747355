-- What is a schema at all.

return function(tools)
	local null = tools.null

	local function with(field, more)
		local schema = { name = "case", fields = { { config = { type = "record", fields = { { a = field } } } } } }
		for key, value in pairs(more or {}) do
			schema[key] = value
		end
		return schema
	end

	local function check(entry)
		return with({ type = "string" }, { entity_checks = { entry } })
	end

	local function pass()
		return true
	end

	local STRING = { type = "string" }
	local rows = {}
	local function meta(name, schema)
		rows[#rows + 1] = { name, nil, { schema }, how = "meta" }
	end

	meta("plain", with({ type = "string" }))
	meta("no name", { fields = {} })
	meta("no fields", { name = "case" })
	meta("fields that are no list", { name = "case", fields = { a = {} } })
	meta("a field that is no table", { name = "case", fields = { 5 } })
	meta("a field without a name", { name = "case", fields = { { STRING } } })
	meta("an empty entry", { name = "case", fields = { {} } })
	meta("two fields in an entry", { name = "case", fields = { { a = { type = "string" }, b = { type = "string" } } } })
	meta("a definition that is no table", { name = "case", fields = { { a = 1 } } })
	meta("an unknown key", { name = "case", fields = {}, no_consumer = true })

	for name, field in pairs({
		["no type"] = {}, ["a type that is no text"] = { type = 5 },
		["array without elements"] = { type = "array" }, ["set without elements"] = { type = "set" },
		["map without values"] = { type = "map", keys = { type = "string" } }, ["record without fields"] = { type = "record" },
		["abstract record"] = { type = "record", abstract = true }, ["json without schema"] = { type = "json" },
		["json"] = { type = "json", json_schema = { inline = { type = "object" } } },
		["json with two schemas"] = { type = "json", json_schema = { inline = { type = "object" }, namespace = "proxy-wasm-filters",
			parent_subschema_key = "b" } },
		["json with a bad schema"] = { type = "json", json_schema = { inline = { type = "nonsense" } } },
		["json with an empty schema"] = { type = "json", json_schema = {} },
		["json with half a reference"] = { type = "json", json_schema = { namespace = "proxy-wasm-filters" } },
		["json with a parent that isn't there"] = { type = "json", json_schema = { namespace = "proxy-wasm-filters",
			parent_subschema_key = "b" } },
		["unknown attribute"] = { type = "string", requierd = true },
		["unknown nested attribute"] = { type = "array", elements = { type = "string", wrong = 1 } },
		["elements that are no table"] = { type = "set", elements = "string" },
		["elements without a type"] = { type = "set", elements = {} },
		["required that is no boolean"] = { type = "string", required = "yes" },
		["len_min that is no integer"] = { type = "string", len_min = 1.5 },
		["one_of that is no array"] = { type = "string", one_of = "a" }, ["between of one"] = { type = "integer", between = { 1 } },
		["between of texts"] = { type = "integer", between = { "a", "b" } }, ["match that is no text"] = { type = "string", match = 5 },
		["match_all without pattern"] = { type = "string", match_all = { { err = "x" } } },
		["match_any without patterns"] = { type = "string", match_any = { err = "x" } },
		["custom_validator that is no function"] = { type = "string", custom_validator = "x" },
		["short description"] = { type = "string", description = "short" },
		["long description"] = { type = "string", description = ("x"):rep(501) },
		["on_delete"] = { type = "foreign", reference = "x", on_delete = "nonsense" },
		["default of another type"] = { type = "integer", default = "x" },
		["default that a validator refuses"] = { type = "string", one_of = { "a" }, default = "b" },
		["default of elements of another type"] = { type = "array", elements = { type = "string" }, default = { 1 } },
		["default null"] = { type = "string", default = null }, ["default false"] = { type = "boolean", default = false },
		["unique_across_ws without unique"] = { type = "string", unique_across_ws = true },
		["unique_across_ws with unique"] = { type = "string", unique_across_ws = true, unique = true },
		["deprecation"] = { type = "string", deprecation = { message = "m", removal_in_version = "4", old_default = 5,
			replaced_with = { { path = { "b" }, reverse_mapping_function = pass } } } },
		["deprecation without message"] = { type = "string", deprecation = { removal_in_version = "4" } },
		["deprecation with an empty path"] = { type = "string", deprecation = { message = "m", removal_in_version = "4",
			replaced_with = { { path = {} } } } },
		["mutually_exclusive_subsets"] = { type = "set", elements = { type = "string" },
			mutually_exclusive_subsets = { { "a" }, { 5 } } },
		["eq null"] = { type = "string", eq = null }, ["examples"] = { type = "string", examples = { "a", 5 } },
		["nested record"] = { type = "record", fields = { { b = { type = "array" } }, { c = { typ = "string" } } } },
	}) do
		meta(name, with(field))
	end
	for attribute, value in pairs({ between = { 1, 2 }, len_eq = 1, match = "x", is_regex = true, uuid = true, one_of = { "a" },
		contains = "a", timestamp = true, unique = true, abstract = true, transient = true,
		json_schema = { inline = { type = "string" } } }) do
		for _, name in ipairs({ "string", "number", "integer", "boolean", "foreign", "function" }) do
			local field = { type = name, reference = name == "foreign" and "x" or nil }
			field[attribute] = value
			meta(attribute .. " for " .. name, with(field))
		end
		local list = { type = "array", elements = { type = "string" } }
		list[attribute] = value
		meta(attribute .. " for array", with(list))
	end

	meta("check at_least_one_of", check({ at_least_one_of = { "config.a" } }))
	meta("check of a text", check({ only_one_of = "a" }))
	meta("unknown check", check({ at_most_one_of = { "a" } }))
	meta("empty check", check({}))
	meta("two checks in an entry", check({ distinct = { "a" }, only_one_of = { "a" } }))
	meta("conditional", check({ conditional = { if_field = "a", if_match = { eq = null }, then_field = "b",
		then_match = { required = true, elements = { type = "string" } } } }))
	meta("conditional with nonsense", check({ conditional = { if_field = 5, if_match = { nonsense = 1 }, then_field = 1 } }))
	meta("conditional_at_least_one_of", check({ conditional_at_least_one_of = { if_field = "a", if_match = {},
		then_at_least_one_of = { "b" }, else_match = { gt = "x" } } }))
	meta("custom_entity_check", check({ custom_entity_check = { field_sources = { "a" }, fn = pass,
		run_with_missing_fields = true } }))
	meta("custom_entity_check with a text", check({ custom_entity_check = { field_sources = "a", fn = "x" } }))
	meta("mutually_exclusive_sets", check({ mutually_exclusive_sets = { set1 = { "a" }, set2 = "b" } }))
	meta("entity_checks that are no list", with({ type = "string" }, { entity_checks = { a = 1 } }))
	meta("shorthand", with({ type = "string" }, { shorthand_fields = { { b = { type = "string", func = pass } } } }))
	meta("shorthand without func", with({ type = "string" }, { shorthand_fields = { { b = { type = "string" } } } }))
	meta("shorthand of a record", with({ type = "string" }, { shorthand_fields = { { b = { type = "record", fields = {},
		func = pass } } } }))
	meta("transformation", with({ type = "string" }, { transformations = { { input = { "config.a" }, on_write = pass } } }))
	meta("transformation without function", with({ type = "string" }, { transformations = { { input = { "config.a" } } } }))
	meta("transformation of nothing", with({ type = "string" }, { transformations = { { input = { "config.b" },
		needs = { "nowhere" }, on_read = pass } } }))
	meta("check that is no function", with({ type = "string" }, { check = "x" }))
	table.sort(rows, function(a, b)
		return a[1] < b[1]
	end)
	return rows
end
