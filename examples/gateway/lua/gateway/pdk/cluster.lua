-- cluster.lua - kong.cluster; a gateway without a database is in no cluster.

return function()
	return {
		get_id = function()
			return nil
		end,
	}
end
