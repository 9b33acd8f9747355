-- Fields of type json: JSON Schema, draft 4.

return function(tools)
	local null = tools.null
	local LIST, OBJECT = { "a", "b" }, { a = 1 }

	local function row(name, schema, ...)
		local inputs = {}
		for i, value in ipairs({ ... }) do
			inputs[i] = { b = value }
		end
		return { name, { fields = { { b = { type = "json", json_schema = { inline = schema } } } } }, inputs }
	end

	return {
		row("type string", { type = "string" }, "a", 5, LIST, OBJECT, null, true, 1.5),
		row("type integer", { type = "integer" }, 1, 1.5, "1"), row("type number", { type = "number" }, 1, 1.5, "1"),
		row("type object", { type = "object" }, OBJECT, {}, LIST, "x"), row("type array", { type = "array" }, LIST, {}, OBJECT, 5),
		row("type boolean", { type = "boolean" }, true, "true"),
		row("types", { type = { "string", "number" } }, "a", 1, true, LIST),
		row("properties", { properties = { a = { type = "number" }, c = { type = "string" } } }, OBJECT, { a = "x" }, { z = 1 }, "no"),
		row("required", { required = { "z" } }, OBJECT, { a = 1, z = 2 }, {}),
		row("required and properties", { properties = { a = { type = "number" } }, required = { "a" } }, { b = 1 }),
		row("additionalProperties", { properties = { a = {} }, additionalProperties = false }, OBJECT, { z = 1 }),
		row("additionalProperties with a schema", { properties = { a = {} }, additionalProperties = { type = "string" } },
			{ z = "x" }, { z = 1 }),
		row("minProperties", { minProperties = 1 }, OBJECT, {}), row("maxProperties", { maxProperties = 1 }, OBJECT, { a = 1, z = 2 }),
		row("dependencies", { dependencies = { a = { "z" } } }, OBJECT, { a = 1, z = 2 }, { q = 1 }),
		row("dependencies with a schema", { dependencies = { a = { required = { "z" } } } }, OBJECT, { a = 1, z = 2 }),
		row("items", { items = { type = "string" } }, LIST, { "a", 5 }, {}),
		row("tuple", { items = { { type = "string" }, { type = "number" } } }, { "a", 1 }, { "a" }, { "a", "b" }, { "a", 1, true }),
		row("tuple without more", { items = { { type = "string" } }, additionalItems = false }, { "a" }, { "a", 1 }),
		row("tuple with more", { items = { { type = "string" } }, additionalItems = { type = "number" } }, { "a", 1 }, { "a", "b" }),
		row("minItems", { minItems = 3 }, LIST), row("maxItems", { maxItems = 1 }, LIST),
		row("uniqueItems", { uniqueItems = true }, LIST, { "a", "b", "a" }, { { x = 1 }, { x = 1 } }),
		row("minLength", { minLength = 2 }, "ab", "a", "\195\164", "\195\164\195\164"), row("maxLength", { maxLength = 2 }, "abc", "ab"),
		row("minimum", { minimum = 2 }, 2, 1, 1.5), row("maximum", { maximum = 2 }, 2, 3, 123456789),
		row("exclusive", { minimum = 2, exclusiveMinimum = true, maximum = 4, exclusiveMaximum = true }, 3, 2, 4),
		row("multipleOf", { multipleOf = 3 }, 6, 7), row("multipleOf a fraction", { multipleOf = 0.5 }, 1.5, 1.25),
		row("enum", { enum = { "a", 5, { x = 1 } } }, "a", 5, { x = 1 }, "b"),
		row("allOf", { allOf = { { type = "string" }, { minLength = 2 } } }, "ab", "a", 5),
		row("anyOf", { anyOf = { { type = "string" }, { type = "number" } } }, "a", 5, true),
		row("oneOf", { oneOf = { { type = "number" }, { minimum = 5 }, { type = "string" } } }, 3, 7, true, "x"),
		row("not", { ["not"] = { type = "string" } }, 5, "a"),
		row("references", { definitions = { s = { type = "string" }, t = { ["$ref"] = "#/definitions/s" } },
			properties = { a = { ["$ref"] = "#/definitions/t" } } }, { a = "x" }, { a = 1 }),
		row("nested", { properties = { a = { type = "array", items = { properties = { x = { type = "number" } } } } } },
			{ a = { { x = 1 }, { x = "y" } } }),
	}
end
