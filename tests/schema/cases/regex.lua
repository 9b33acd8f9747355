-- Regular expressions, those of JSON Schema among them.

return function(tools)
	local function row(name, schema, ...)
		local inputs = {}
		for i, value in ipairs({ ... }) do
			inputs[i] = { b = value }
		end
		return { name, { fields = { { b = { type = "json", json_schema = { inline = schema } } } } }, inputs }
	end

	return {
		{ "is_regex", { type = "string", is_regex = true }, { "^a+$", "(", "[a-", "a{2}", "\\d", "*" } },
		{ "router_path", tools.typedefs.router_path, { "~/a(b", "~/[a", "~/a\\d+", "~/(?<n>a)$" } },
		row("patternProperties", { patternProperties = { ["^x"] = { type = "number" } } }, { x1 = 1 }, { x1 = "a" },
			{ y = "a" }),
		row("patternProperties alone", { patternProperties = { ["^x"] = {} }, additionalProperties = false }, { x1 = 1 },
			{ y = 1 }),
		row("pattern", { pattern = "^a+$" }, "aa", "b", "aab"),
	}
end
