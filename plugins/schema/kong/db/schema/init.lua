-- kong.db.schema: the schema language. A schema completes and validates entities, the confs of plugins
-- among them.
--
-- The parts are in outrigger/schema: definition (a schema of a table), field (a value), fields (an
-- entity), rules (validators), checkers and entity_checks (what holds between fields), auto (defaults and
-- what makes itself), shorthands, transformations, references. A validator is added in rules, an entity
-- check in checkers, an attribute in outrigger/schema/attributes.

local Schema = {}
Schema.__index = Schema

for _, part in ipairs({ "definition", "field", "fields", "entity_checks", "auto", "transformations" }) do
	require("outrigger.schema." .. part)(Schema)
end

function Schema:errors_to_string(errors)
	return require("outrigger.schema.errors_text").validation_error(errors)
end

return Schema
