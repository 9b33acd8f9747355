-- plugin.lua - kong.plugin

return function()
	return {
		get_id = function()
			return ngx.ctx.plugin_id
		end,
	}
end
