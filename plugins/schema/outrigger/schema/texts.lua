-- The texts of refused confs and schemas. They are the gateway's: users compare them.

local texts = {
	array = "expected an array",
	set = "expected a set",
	map = "expected a map",
	record = "expected a record",
	string = "expected a string",
	number = "expected a number",
	boolean = "expected a boolean",
	integer = "expected an integer",
	["function"] = "expected a function",
	input = "expected an input table",
	unknown_type = "invalid type: %s",

	eq = "value must be %s",
	ne = "value must not be %s",
	gt = "value must be greater than %s",
	between = "value should be between %d and %d",
	len_eq = "length must be %d",
	len_min = "length must be at least %d",
	len_max = "length must be at most %d",
	match = "invalid value: %s",
	not_match = "invalid value: %s",
	match_all = "invalid value: %s",
	match_none = "invalid value: %s",
	match_any = "invalid value: %s",
	starts_with = "should start with: %s",
	contains = "expected to contain: %s",
	one_of = "expected one of: %s",
	not_one_of = "must not be one of: %s",
	is_regex = "not a valid regex: %s",
	timestamp = "expected a valid timestamp",
	uuid = "expected a valid UUID",
	any_validator = "failed validating: %s",

	required = "required field missing",
	unknown = "unknown field",
	immutable = "immutable field cannot be updated",
	abstract = "error in schema definition: abstract field was not specialized",
	cannot_validate = "error in schema prevents from validating this field",
	not_primary = "not a primary key",
	missing_primary = "missing primary key",
	unknown_subschema = "unknown type: %s",

	check = "entity check failed",
	any_check = "failed entity check: %s(%s)",
	conditional = "failed conditional validation given value of field '%s'",
	at_least_one_of = "at least one of these fields must be non-empty: %s",
	conditional_at_least_one_of = "at least one of these fields must be non-empty: %s",
	only_one_of = "exactly one of these fields must be non-empty: %s",
	distinct = "values of these fields must be distinct: %s",
	mutually_required = "all or none of these fields must be set: %s",
	mutually_exclusive = "only one or none of these fields must be set: %s",
	mutually_exclusive_sets = "these sets are mutually exclusive: %s",
	needed_by_check = "field required for entity check",

	transformation = "transformation failed: %s",
	undecodable = "value could not be JSON-decoded: %s",
	json_parent_missing = "validation of %s depends on the parent attribute %s, but it is not set",
	json_schema_missing = "mandatory json schema for field (%s) not found",
	both_forms = "both deprecated and new field are used but their values mismatch: " ..
		"%s = %s vs %s = %s",

	no_definition = "expected a definition table",
	no_fields = "error in schema definition: no 'fields' table",
	bad_reference = "schema refers to an invalid foreign entity: %s",
	no_subschemas = "error in definition of '%s': entities of type '%s' cannot have subschemas",
	not_specialised = "error in definition of '%s': %s: abstract field was not specialized",
	changed_type = "error in definition of '%s': %s: cannot change type in a specialized field",
	new_field = "error in definition of '%s': %s: cannot create a new field",
	nilable = "%s: Entities cannot have nilable types.",
	functions = "%s: Entities cannot have function types.",
	abstract_record = "%s: an abstract record must have fields here",
	map_keys = "%s: Entities map keys must be strings.",
}

-- What three of them say while an entity is updated.
local WHEN_UPDATING = {
	needed_by_check = texts.needed_by_check .. " when updating",
	at_least_one_of = "when updating, " .. texts.at_least_one_of,
	conditional_at_least_one_of = "when updating, " .. texts.conditional_at_least_one_of,
}

-- Calls fn(...) with the texts of an update, and returns its first two results.
function texts.while_updating(fn, ...)
	local usual = {}
	for name, text in pairs(WHEN_UPDATING) do
		usual[name], texts[name] = texts[name], text
	end
	local ok, first, second = pcall(fn, ...)
	for name, text in pairs(usual) do
		texts[name] = text
	end
	if not ok then
		error(first, 0)
	end
	return first, second
end

return texts
