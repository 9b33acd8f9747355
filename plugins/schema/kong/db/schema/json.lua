-- kong.db.schema.json: JSON Schema for fields of type json.

return require "outrigger.schema.json_schema"
