-- table.lua - kong.table

local new_table = require "table.new"
local clear_table = require "table.clear"

return function()
	return {
		new = new_table,
		clear = clear_table,
		merge = function(a, b)
			local merged = {}
			for k, v in pairs(a or {}) do
				merged[k] = v
			end
			for k, v in pairs(b or {}) do
				merged[k] = v
			end
			return merged
		end,
	}
end
