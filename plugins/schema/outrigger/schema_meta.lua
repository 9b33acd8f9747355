-- What the schema language knows, as data: field types, attributes, entity checks, and the gateway
-- version that first took each. To teach the dump a new attribute, add a row here.

local schema_meta = {}

local function set(names)
	local result = {}
	for name in names:gmatch("%S+") do
		result[name] = true
	end
	return result
end

schema_meta.set = set

-- Top-level keys of a plugin schema.
schema_meta.top = set "name fields entity_checks shorthand_fields shorthands transformations check"

-- Top-level fields that a plugin may specialise, and their type.
schema_meta.parent_fields = {
	id = "string", name = "string", instance_name = "string", created_at = "integer",
	updated_at = "integer", route = "foreign", service = "foreign", consumer = "foreign",
	config = "record", protocols = "set", enabled = "boolean", tags = "set",
}

schema_meta.types = set "array set map record string number integer boolean foreign function json"

-- Attribute -> the form of its value. Forms: flag, string, number, integer, list, table, any,
-- function, and those that hold further definitions: field, fields, checks, shorthands.
schema_meta.attributes = {
	type = "string", required = "flag", reference = "string", description = "string",
	examples = "list", auto = "flag", unique = "flag", unique_across_ws = "flag",
	on_delete = "string", default = "any", abstract = "flag", generate_admin_api = "flag",
	immutable = "flag", err = "string", encrypted = "flag", referenceable = "flag",
	json_schema = "table", transient = "flag", deprecation = "table", legacy = "flag",
	between = "list", eq = "any", ne = "any", gt = "number", len_eq = "integer",
	len_min = "integer", len_max = "integer", match = "string", not_match = "string",
	match_all = "list", match_none = "list", match_any = "table", starts_with = "string",
	one_of = "list", not_one_of = "list", contains = "any", is_regex = "flag",
	timestamp = "flag", uuid = "flag", custom_validator = "function",
	mutually_exclusive_subsets = "list",
	elements = "field", keys = "field", values = "field", fields = "fields",
	entity_checks = "checks", shorthand_fields = "shorthands",
}

-- What a field of a type must declare.
schema_meta.parts = {
	array = { "elements" }, set = { "elements" }, map = { "keys", "values" },
	record = { "fields" }, json = { "json_schema" },
}

-- Attributes that only some types may have.
schema_meta.only_for = {
	between = set "integer number",
	len_eq = set "array set string map",
	match = set "string",
	is_regex = set "string",
	uuid = set "string",
	one_of = set "string number integer",
	contains = set "array set",
	timestamp = set "number integer",
	unique = set "string number integer foreign",
	unique_across_ws = set "string number integer foreign",
	abstract = set "string number integer record array set map",
	json_schema = set "json",
	transient = set "string number integer array set boolean",
}

-- Entity check -> the form of its argument.
schema_meta.checks = {
	at_least_one_of = "list", only_one_of = "list", distinct = "list",
	mutually_required = "list", mutually_exclusive = "list", mutually_exclusive_sets = "table",
	conditional = "table", conditional_at_least_one_of = "table", custom_entity_check = "table",
}

-- First gateway version (major * 1000 + minor) that takes an attribute; older ones refuse the
-- whole schema for it.
schema_meta.since = {
	description = 3004, json_schema = 3005, examples = 3006, deprecation = 3007, transient = 3008,
	["deprecation.replaced_with"] = 3008, ["type.json"] = 3005,
	["between.fraction"] = 3004,
}

-- Last gateway version that takes an attribute.
schema_meta.until_version = { legacy = 2008 }

-- "3.9" or "3.9.1" -> 3009; nil when it is no version.
function schema_meta.version_number(text)
	local major, minor = tostring(text):match("^(%d+)%.(%d+)")
	return major and tonumber(major) * 1000 + tonumber(minor) or nil
end

function schema_meta.version_text(number)
	return ("%d.%d"):format(math.floor(number / 1000), number % 1000)
end

function schema_meta.sorted_keys(map)
	local keys = {}
	for key in pairs(map) do
		keys[#keys + 1] = key
	end
	table.sort(keys, function(a, b)
		if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then
			return a < b
		end
		return tostring(a) < tostring(b)
	end)
	return keys
end

return schema_meta
