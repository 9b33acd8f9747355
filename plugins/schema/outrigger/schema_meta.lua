-- The gateway versions that take each part of the schema language; what may be in a schema at all is in
-- outrigger/schema/attributes.

local schema_meta = {}

-- First gateway version (major * 1000 + minor) that takes an attribute; older ones refuse the
-- whole schema for it.
schema_meta.since = {
	description = 3004, json_schema = 3005, examples = 3006, deprecation = 3007, transient = 3008,
	["deprecation.replaced_with"] = 3008, ["type.json"] = 3005,
	["between.fraction"] = 3004, ["config.json"] = 3009,
}

-- The same for fields beside config.
schema_meta.field_since = { instance_name = 3002, updated_at = 3003 }

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
