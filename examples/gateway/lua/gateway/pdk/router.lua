-- router.lua - kong.router

local phases = require "gateway.pdk.phases"

return function()
	return {
		get_route = function()
			phases.check(phases.routed)
			return ngx.ctx.route
		end,
		get_service = function()
			phases.check(phases.routed)
			return ngx.ctx.service
		end,
	}
end
