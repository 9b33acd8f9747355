-- References to secrets in vaults: found in what is read, replaced by the secrets, and noted in "$refs".

local values = require "outrigger.schema.values"

local is_reference = values.is_reference

local function from_vault(reference)
	local kong = rawget(_G, "kong")
	local secret, err = kong.vault.get(reference)
	if not secret then
		kong.log.warn("unable to resolve reference ", reference, err and " (" .. err .. ")" or "")
	end
	return secret or ""
end

-- The member of a list or map that holds references, if its type has one.
local MEMBER = { array = "elements", set = "elements", map = "values" }

local function resolve_members(refs, key, container)
	for member, value in pairs(container) do
		if is_reference(value) then
			refs.found[key] = refs.found[key] or {}
			refs.found[key][member] = value
			container[member] = refs.resolve(value)
		end
	end
end

local function keep_earlier(refs, key)
	local earlier = refs.earlier and refs.earlier[key]
	if earlier ~= nil and refs.found[key] == nil then
		refs.found[key] = earlier
	end
end

local references = {}

-- Begins a pass over one entity or record; nil when references stay as they are.
function references.open(data, opts)
	local resolve = opts and opts.resolve or from_vault
	return { resolve = resolve, earlier = data["$refs"], found = {} }
end

-- The value of a field with its references resolved.
function references.take(refs, key, field, value)
	if field.type == "string" and field.referenceable then
		if is_reference(value) then
			refs.found[key] = value
			return refs.resolve(value)
		end
		keep_earlier(refs, key)
	end
	local member = field[MEMBER[field.type]]
	if type(value) == "table" and member and member.type == "string" and member.referenceable then
		resolve_members(refs, key, value)
		keep_earlier(refs, key)
	end
	return value
end

-- What "$refs" is to hold: nil when there was none.
function references.close(refs)
	return refs and next(refs.found) ~= nil and refs.found or nil
end

return references
