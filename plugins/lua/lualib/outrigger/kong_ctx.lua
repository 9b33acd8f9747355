-- kong.ctx: the tables of a request. `plugin` is this plugin's; `shared` is all plugins', and
-- lives in the gateway.

local core = require "outrigger.core"
local ctx = require "outrigger.ctx"
local shared = require "outrigger.ctx_shared"

return function(kong)
	local tables = { plugin = ctx.plugin, shared = shared(kong.ctx.shared.get, kong.ctx.shared.set) }

	kong.ctx = setmetatable({}, {
		__index = function(_, name)
			local find = tables[name]
			return find and core.phase() and find() or nil
		end,
	})
end
