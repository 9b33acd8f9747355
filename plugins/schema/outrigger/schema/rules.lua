-- The validators of a field: what a value must be like, once its type is right.
--
-- Each is called with the value, the attribute's value and the field. It returns true, or nil and a
-- text; without a text the one of the attribute's name is used. To add one, add it to both tables.

local checks = require "outrigger.schema.checks"
local texts = require "outrigger.schema.texts"
local values = require "outrigger.schema.values"

local null = values.null

local rules = {}

rules.order = { "eq", "ne", "not_one_of", "one_of", "gt", "timestamp", "uuid", "is_regex", "between",
	"len_eq", "len_min", "len_max", "starts_with", "not_match", "match_none", "match", "match_all",
	"match_any", "contains", "custom_validator", "mutually_exclusive_subsets" }

local validate = {}
rules.validate = validate

function validate.eq(value, wanted)
	if value == wanted then
		return true
	end
	return nil, texts.eq:format(wanted == null and "null" or tostring(wanted))
end

function validate.ne(value, unwanted)
	if value ~= unwanted then
		return true
	end
	return nil, texts.ne:format(unwanted == null and "null" or tostring(value))
end

local function is_one_of(value, options)
	for _, option in ipairs(options) do
		if value == option then
			return true
		end
	end
	return false
end

function validate.one_of(value, options)
	if is_one_of(value, options) then
		return true
	end
	return nil, texts.one_of:format(values.plain_list(options))
end

function validate.not_one_of(value, options)
	if not is_one_of(value, options) then
		return true
	end
	return nil, texts.not_one_of:format(values.plain_list(options))
end

function validate.gt(value, limit)
	if value > limit then
		return true
	end
	return nil, texts.gt:format(tostring(limit))
end

function validate.between(value, limits)
	if value >= limits[1] and value <= limits[2] then
		return true
	end
	return nil, texts.between:format(limits[1], limits[2])
end

function validate.timestamp(value)
	return value > 0 or nil
end

local UUID = "^" .. ("%x"):rep(8) .. ("%-" .. ("%x"):rep(4)):rep(3) .. "%-" .. ("%x"):rep(12) .. "$"

function validate.uuid(value)
	return value:find(UUID) ~= nil or nil
end

function validate.is_regex(value)
	return checks.regex_error(value) == nil
end

-- Of a map, the entries count together with those of its list part.
local function length(value, field)
	local count = #value
	if field.type == "map" then
		for _ in pairs(value) do
			count = count + 1
		end
	end
	return count
end

function validate.len_eq(value, wanted, field)
	if length(value, field) == wanted then
		return true
	end
	return nil, texts.len_eq:format(wanted)
end

function validate.len_min(value, least, field)
	if length(value, field) >= least then
		return true
	end
	return nil, texts.len_min:format(least)
end

function validate.len_max(value, most, field)
	if length(value, field) <= most then
		return true
	end
	return nil, texts.len_max:format(most)
end

function validate.starts_with(value, prefix)
	if value:sub(1, #prefix) == prefix then
		return true
	end
	return nil, texts.starts_with:format(prefix)
end

function validate.match(value, pattern)
	if value:match(pattern) then
		return true
	end
	return nil, texts.match:format(value)
end

function validate.not_match(value, pattern)
	if not value:match(pattern) then
		return true
	end
	return nil, texts.not_match:format(value)
end

function validate.match_all(value, list)
	for _, entry in ipairs(list) do
		if not value:match(entry.pattern) then
			return nil, entry.err
		end
	end
	return true
end

function validate.match_none(value, list)
	for _, entry in ipairs(list) do
		if value:match(entry.pattern) then
			return nil, entry.err
		end
	end
	return true
end

function validate.match_any(value, argument)
	for _, pattern in ipairs(argument.patterns) do
		if value:match(pattern) then
			return true
		end
	end
	return nil, argument.err
end

function validate.contains(list, wanted)
	if is_one_of(wanted, list) then
		return true
	end
	return nil, texts.contains:format(tostring(wanted))
end

-- The subsets that have an element in the list, each once, in the list's order. Of an element that is
-- in several subsets the last one counts.
local function subsets_of(list, subsets)
	local subset_of, found, seen = {}, {}, {}
	for _, subset in ipairs(subsets) do
		for _, element in ipairs(subset) do
			subset_of[element] = subset
		end
	end
	for _, element in ipairs(list) do
		local subset = subset_of[element]
		if subset and not seen[subset] then
			seen[subset] = true
			found[#found + 1] = subset
		end
	end
	return found
end

function validate.mutually_exclusive_subsets(list, subsets)
	local found = subsets_of(list, subsets)
	if #found <= 1 then
		return true
	end
	return nil, texts.mutually_exclusive_sets:format(values.quoted_list(found))
end

function validate.custom_validator(value, fn)
	return fn(value)
end

-- All validators of the field, in their order. true, or nil and a text.
function rules.run(known, field, value)
	for _, name in ipairs(rules.order) do
		local argument = field[name]
		if argument ~= nil then
			local ok, err = known[name](value, argument, field)
			if not ok then
				return nil, field.err or err
					or (texts[name] or texts.any_validator):format(tostring(value))
			end
		end
	end
	return true
end

return rules
