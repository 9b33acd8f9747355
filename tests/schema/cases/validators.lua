-- The validators of a field: each with values that pass, and with values that don't.

return function(tools)
	local null = tools.null
	local STRING = { type = "string" }

	return {
		{ "eq", { type = "string", eq = "a" }, { "a", "b", null } },
		{ "eq null", { type = "string", eq = null }, { "a", null } },
		{ "eq false", { type = "boolean", eq = false }, { true, false } },
		{ "eq number", { type = "number", eq = 1.5 }, { 1.5, 2 } },
		{ "eq null with err", { type = "string", eq = null, err = "never" }, { "a" } },
		{ "ne", { type = "string", ne = "a" }, { "b", "a", null } },
		{ "ne null", { type = "string", ne = null }, { "a", null } },
		{ "ne null with err", { type = "string", ne = null, err = "give one" }, { null } },
		{ "one_of", { type = "string", one_of = { "a", "b" } }, { "a", "c" } },
		{ "one_of numbers", { type = "integer", one_of = { 1, 2 } }, { 1, 3 } },
		{ "not_one_of", { type = "string", not_one_of = { "a", "b" } }, { "c", "a" } },
		{ "gt", { type = "number", gt = 0 }, { 0.5, 0, -1 } },
		{ "gt fraction", { type = "number", gt = 0.25 }, { 0.5, 0.25 } },
		{ "timestamp", { type = "number", timestamp = true }, { 1, 0, -1, 0.5 } },
		{ "uuid", { type = "string", uuid = true }, { "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab",
			"0F5C1A3E-7A0B-4D6F-9C1D-1234567890AB", "0f5c1a3e-7a0b-0d6f-0c1d-1234567890ab",
			"0f5c1a3e7a0b4d6f9c1d1234567890ab", "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ag", "x" } },
		{ "between", { type = "number", between = { 1, 3 } }, { 1, 3, 0.999, 3.001, 2 } },
		{ "between fractions", { type = "number", between = { 0.5, 1.5 } }, { 0.4, 1 } },
		{ "len_eq", { type = "string", len_eq = 2 }, { "ab", "a", "abc" } },
		{ "len_eq array", { type = "array", elements = STRING, len_eq = 1 }, { { "a" }, {}, { "a", "b" } } },
		{ "len_eq map", { type = "map", keys = STRING, values = STRING, len_eq = 1 },
			{ { a = "b" }, {}, { a = "b", c = "d" } } },
		{ "len_min", { type = "string", len_min = 2 }, { "ab", "a" } },
		{ "len_min 0", { type = "string", len_min = 0 }, { "", "a" } },
		{ "len_min set", { type = "set", elements = STRING, len_min = 2 }, { { "a", "a" }, { "a", "b" } } },
		{ "len_max", { type = "string", len_max = 2 }, { "ab", "abc" } },
		{ "len_max map", { type = "map", keys = STRING, values = STRING, len_max = 1 },
			{ { a = "b" }, { a = "b", c = "d" } } },
		{ "starts_with", { type = "string", starts_with = "ab" }, { "abc", "ab", "ba", "a" } },
		{ "match", { type = "string", match = "^%d+$" }, { "12", "1a" } },
		{ "not_match", { type = "string", not_match = "%d" }, { "a", "a1" } },
		{ "match_all", { type = "string", match_all = { { pattern = "a", err = "needs an a" },
			{ pattern = "b", err = "needs a b" }, { pattern = "c" } } }, { "abc", "bc", "ac", "ab" } },
		{ "match_none", { type = "string", match_none = { { pattern = "a", err = "has an a" },
			{ pattern = "b" } } }, { "c", "ca", "cb" } },
		{ "match_any", { type = "string", match_any = { patterns = { "^a", "^b" },
			err = "begins with neither" } }, { "a", "b", "c" } },
		{ "match_any without err", { type = "string", match_any = { patterns = { "^a" } } }, { "c" } },
		{ "contains", { type = "array", elements = STRING, contains = "a" }, { { "b", "a" }, { "b" }, {} } },
		{ "contains in a set", { type = "set", elements = { type = "number" }, contains = 1 },
			{ { 1, 2 }, { 2 } } },
		{ "custom_validator", { type = "string", custom_validator = function(value)
			if value == "a" then
				return true
			elseif value == "b" then
				return false
			end
			return nil, "not " .. value
		end }, { "a", "b", "c" } },
		{ "custom_validator of a table", { type = "array", elements = STRING,
			custom_validator = function(value)
				return #value == 2 or nil, "two are needed"
			end }, { { "a", "b" }, { "a" } } },
		{ "custom_validator of a record", { type = "record", fields = { { b = STRING } },
			custom_validator = function(value)
				return value.b == "x", { b = "must be x" }
			end }, { { b = "x" }, { b = "y" } } },
		{ "mutually_exclusive_subsets", { type = "set", elements = STRING,
			mutually_exclusive_subsets = { { "a", "b" }, { "c" }, { "d" } } },
			{ { "a", "b" }, { "c" }, { "a", "c" }, { "d", "c", "a" }, { "x" }, {} } },
		{ "err", { type = "string", len_min = 3, match = "^a", err = "my own text" },
			{ "abc", "ab", "xbc", 5 } },
		{ "the first failure ends", { type = "string", one_of = { "abc" }, len_min = 5, match = "x" },
			{ "d", "abc" } },
		{ "order: not_one_of before one_of", { type = "string", one_of = { "b" }, not_one_of = { "a" } },
			{ "a" } },
		{ "order: length before match", { type = "string", len_max = 1, match = "x" }, { "ab" } },
		{ "order: starts_with before match_none", { type = "string", starts_with = "/",
			match_none = { { pattern = "x", err = "has an x" } } }, { "x", "/x" } },
		{ "order: match_none before match", { type = "string", match = "b",
			match_none = { { pattern = "a", err = "has an a" } } }, { "a" } },
		{ "order: contains before custom_validator", { type = "array", elements = STRING,
			contains = "x", custom_validator = function()
				return nil, "custom"
			end }, { { "a" }, { "x" } } },
		{ "a reference passes", { type = "string", referenceable = true, match = "^%d+$", len_max = 3 },
			{ "{vault://env/a}", "12", "ab", "{vault:/env/a}", "{vault://env/a" } },
		{ "a reference where there is none", { type = "string", match = "^%d+$" }, { "{vault://env/a}" } },
	}
end
