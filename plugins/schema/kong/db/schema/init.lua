-- kong.db.schema as far as plugin schemas use it while they load. The schema language itself, which
-- validates confs, is not here.

local Schema = {}

Schema.valid_types = require("outrigger.schema_meta").types

-- Called with overrides, a definition gives a table of them with its own keys filled in.
local definition_mt = {
	__call = function(definition, overrides)
		local result = overrides or {}
		for key, value in pairs(definition) do
			if result[key] == nil then
				result[key] = value
			end
		end
		return result
	end,
}

-- Returns `definition` itself, made callable.
function Schema.define(definition)
	return setmetatable(definition, definition_mt)
end

Schema.validators = {}

-- Does this PCRE compile? Needs ngx.re.
function Schema.validators.is_regex(value)
	local _, _, err = ngx.re.find("", value)
	if err then
		return nil, "not a valid regex: " .. value
	end
	return true
end

return Schema
