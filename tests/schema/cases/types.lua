-- The types of a field, and what a value that is missing becomes.

return function(tools)
	local null = tools.null

	local function string_field(more)
		more = more or {}
		more.type = "string"
		return more
	end

	local function deep()
		return { type = "record", fields = {
			{ x = { type = "integer", default = 5 } }, { y = string_field({ required = true }) },
			{ z = { type = "record", fields = { { w = { type = "boolean", default = false } } } } },
		} }
	end

	local hole = { "a" }
	hole[3] = "c"
	local function values_of_all_types()
		return { "a", "", 1, 1.5, 0 / 0, 1 / 0, true, false, {}, { "a" }, { b = 1 }, null }
	end

	return {
		{ "string", string_field(), values_of_all_types() },
		{ "required string", string_field({ required = true }), { "a", "", null } },
		{ "number", { type = "number" }, values_of_all_types() },
		{ "integer", { type = "integer" }, values_of_all_types() },
		{ "boolean", { type = "boolean" }, values_of_all_types() },
		{ "function", { type = "function" }, { "a", tools.encode } },
		{ "array", { type = "array", elements = string_field() },
			{ {}, { "a", "b" }, { "a", "a" }, "a", 5, { b = "a" }, hole, { "a", 2, "c", 4 }, { "" }, null } },
		{ "array of arrays", { type = "array", elements = { type = "array", elements = { type = "integer" } } },
			{ { { 1 }, { 2, 3 } }, { { 1 }, { "x" } }, { 1 } } },
		{ "array of records", { type = "array", elements = deep() },
			{ { { y = "a" } }, { { x = 1 } }, { { y = "a" }, { y = 1, q = 2 } }, { "x" } } },
		{ "array with a default", { type = "array", elements = string_field(), default = { "d" } }, { null, {} } },
		{ "set", { type = "set", elements = string_field() },
			{ {}, { "a", "b" }, { "a", "b", "a" }, "a", { b = "a" }, { "a", 5 } } },
		{ "set of records", { type = "set", elements = deep() }, { { { y = "a" }, { y = "a" } } } },
		{ "map", { type = "map", keys = string_field(), values = { type = "number" } },
			{ {}, { a = 1 }, { a = "x" }, { 1 }, "a" } },
		{ "map with validators", { type = "map", keys = string_field({ len_max = 1 }),
			values = { type = "number", gt = 0 } }, { { a = 1 }, { ab = 1 }, { a = 0 } } },
		{ "map of arrays", { type = "map", keys = string_field(), values = { type = "array",
			elements = string_field() } }, { { a = { "x" } }, { a = { 1 } }, { a = "x" } } },
		{ "map of records", { type = "map", keys = string_field(), values = deep() },
			{ { k = { y = "a" } }, { k = { y = "a", x = "b" } } } },
		{ "record", deep(), { { y = "a" }, {}, { x = "b" }, { y = "a", q = 1 }, { y = null }, { y = "a", z = {} },
			{ y = "a", z = { w = 1 } }, { y = "a", z = null }, { y = "a", x = null }, "a", 5, null } },
		{ "record that is required", { type = "record", required = true, fields = {
			{ x = { type = "integer", default = 5 } } } }, { {}, null } },
		{ "record with checks", { type = "record", fields = { { b = string_field() }, { c = string_field() } },
			entity_checks = { { at_least_one_of = { "b", "c" } } } }, { { b = "x" }, {} } },
		{ "foreign", { type = "foreign", reference = "consumers" },
			{ { id = "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab" }, { id = "x" }, {}, { name = "n" }, { name = "?" },
				{ nonsense = 1 }, "x", null } },
		{ "foreign that must be null", { type = "foreign", reference = "consumers", eq = null },
			{ null, { id = "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab" } } },
		{ "unknown type", { type = "text" }, { "a" } },
		{ "unknown field", { fields = { { b = string_field() } } }, { { b = "x", c = "y" }, { c = null } } },
		{ "several errors", { fields = { { b = string_field({ required = true }) }, { c = { type = "number" } },
			{ d = deep() } } }, { { c = "x", e = 1, d = { x = "a", z = { w = 1 } } } } },
		{ "required", { fields = { { b = string_field({ required = true }) } } }, { {}, { b = null } } },
		{ "required with a default", { fields = { { b = string_field({ required = true, default = "d" }) } } },
			{ {}, { b = null }, { b = "x" } } },
		{ "default", { fields = { { b = string_field({ default = "d" }) }, { c = { type = "boolean", default = false } },
			{ d = { type = "map", keys = string_field(), values = string_field(), default = { k = "v" } } } } },
			{ {}, { b = null, c = null, d = null }, { c = true } } },
		{ "abstract", { fields = { { b = { type = "record", abstract = true } } } }, { {}, { b = {} }, { b = null } } },
		{ "defaults of nested records", { fields = { { b = deep() }, { c = { type = "record", required = true,
			fields = { { d = { type = "record", required = true, fields = { { e = { type = "number", default = 1 } } } } } } } } } },
			{ {}, { c = { d = {} } }, { c = { d = null } } } },
		{ "number limits", { type = "integer", between = { 0, 2147483646 } }, { 2147483646, 2147483647 } },
		{ "primary key", { fields = { { id = { type = "string", uuid = true, auto = true } }, { b = string_field() } } },
			{ { id = "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab" }, {}, { id = null }, { id = 5 },
				{ id = "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab", b = "x" } }, how = "primary_key" },
		{ "primary key among others", { ignore_others = true, fields = {
			{ id = { type = "string", uuid = true, auto = true } }, { b = string_field() } } },
			{ { id = "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab", b = "x" } }, how = "primary_key" },
	}
end
