-- kong.ctx: the tables of a request. `plugin` is this plugin's; `shared` is all plugins', and
-- lives in the gateway.

local core = require "outrigger.core"
local ctx = require "outrigger.ctx"
local gateway_table = require "outrigger.gateway_table"

return function(kong)
	local shared = gateway_table("kong.ctx.shared", kong.ctx.shared.get, kong.ctx.shared.set)
	local tables = { plugin = ctx.plugin, shared = function()
		return shared
	end }

	kong.ctx = setmetatable({}, {
		__index = function(_, name)
			local find = tables[name]
			return find and core.event() and find() or nil
		end,
	})
end
