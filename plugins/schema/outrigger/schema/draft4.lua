-- The schema of JSON schemas, draft 4, by the specification's text; `id` is the name that documents
-- give in $schema.

local function ref(name)
	return { ["$ref"] = "#/definitions/" .. name }
end

local SELF = { ["$ref"] = "#" }
local COUNT = ref "positiveIntegerDefault0"
local TEXT = { type = "string" }
local FLAG = { type = "boolean" }
local NUMBER = { type = "number" }
local BY_NAME = { type = "object", additionalProperties = SELF }
local FLAG_OR_SCHEMA = { anyOf = { FLAG, SELF } }

local TYPES = { "array", "boolean", "integer", "null", "number", "object", "string" }

return {
	id = "http://json-schema.org/draft-04/schema#",
	type = "object",
	definitions = {
		schemaArray = { type = "array", minItems = 1, items = SELF },
		positiveInteger = { type = "integer", minimum = 0 },
		positiveIntegerDefault0 = { allOf = { ref "positiveInteger", { default = 0 } } },
		simpleTypes = { enum = TYPES },
		stringArray = { type = "array", items = TEXT, minItems = 1, uniqueItems = true },
	},
	properties = {
		id = TEXT, ["$schema"] = TEXT, title = TEXT, description = TEXT, pattern = TEXT,
		format = TEXT, default = {},
		multipleOf = { type = "number", minimum = 0, exclusiveMinimum = true },
		maximum = NUMBER, exclusiveMaximum = FLAG, minimum = NUMBER, exclusiveMinimum = FLAG,
		maxLength = ref "positiveInteger", minLength = COUNT,
		additionalItems = FLAG_OR_SCHEMA, items = { anyOf = { SELF, ref "schemaArray" } },
		maxItems = ref "positiveInteger", minItems = COUNT, uniqueItems = FLAG,
		maxProperties = ref "positiveInteger", minProperties = COUNT,
		required = ref "stringArray", additionalProperties = FLAG_OR_SCHEMA,
		definitions = BY_NAME, properties = BY_NAME, patternProperties = BY_NAME,
		dependencies = { type = "object",
			additionalProperties = { anyOf = { SELF, ref "stringArray" } } },
		enum = { type = "array", minItems = 1, uniqueItems = true },
		type = { anyOf = { ref "simpleTypes", { type = "array", items = ref "simpleTypes",
			minItems = 1, uniqueItems = true } } },
		allOf = ref "schemaArray", anyOf = ref "schemaArray", oneOf = ref "schemaArray",
		["not"] = SELF,
	},
	dependencies = { exclusiveMaximum = { "maximum" }, exclusiveMinimum = { "minimum" } },
	default = {},
}
