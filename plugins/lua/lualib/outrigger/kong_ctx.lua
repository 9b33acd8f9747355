-- kong.ctx: the tables of a request. `shared` belongs to all plugins and lives in the gateway.

local core = require "outrigger.core"
local ctx = require "outrigger.ctx"

local NIL = {}

return function(kong)
	local get, set = kong.ctx.shared.get, kong.ctx.shared.set
	local shared = setmetatable({}, {
		-- Within an event only this handler writes to it, so each key is asked for once, and a table
		-- stays the same table.
		__index = function(_, key)
			local known = core.event().shared
			local value = known[key]
			if value == nil then
				value = get(key)
				known[key] = value == nil and NIL or value
			end
			if value ~= NIL then
				return value
			end
		end,
		__newindex = function(_, key, value)
			set(key, value)
			core.event().shared[key] = value == nil and NIL or value
		end,
	})

	local tables = {
		plugin = ctx.plugin,
		shared = function()
			local event = core.event()
			if event then
				event.shared = event.shared or {}
				return shared
			end
		end,
	}

	kong.ctx = setmetatable({}, {
		__index = function(_, name)
			local find = tables[name]
			if find then
				return find()
			end
		end,
	})
end
