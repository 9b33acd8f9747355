-- ctx.lua - kong.ctx: tables that live as long as the request, one shared by all
-- plugins, one of each plugin.

local get_request = require("resty.core.base").get_request

local SHARED, CORE = {}, {}

local function key_of(ctx, name)
	if name == "shared" then
		return SHARED
	elseif name == "core" then
		return CORE
	end
	return ctx.KONG_NAMESPACES and ctx.KONG_NAMESPACES[name]
end

return function()
	return setmetatable({}, { __index = function(_, name)
		local ctx = get_request() and ngx.ctx
		local key = ctx and key_of(ctx, name)
		if not key then
			return nil
		end
		ctx[key] = ctx[key] or {}
		return ctx[key]
	end })
end
