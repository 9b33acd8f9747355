-- vault.lua - kong.vault, over the environment only.

local vault = require "gateway.vault_env"

local function nothing()
end

-- Puts the current values of a table's $refs in their places.
local function update(options)
	for name, reference in pairs(options["$refs"] or {}) do
		if type(reference) == "string" then
			options[name] = vault.get(reference) or ""
		end
	end
	return options
end

local function try(callback, options)
	return callback(update(options))
end

return function()
	return {
		get = vault.get,
		is_reference = vault.is_reference,
		parse_reference = vault.parse_reference,
		update = update,
		try = try,
		flush = nothing,
		warmup = nothing,
		init_worker = nothing,
	}
end
