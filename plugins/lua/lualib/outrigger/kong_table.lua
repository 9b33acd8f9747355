-- kong.table: on the caller's own tables.

local has_new, new_table = pcall(require, "table.new")
local has_clear, clear_table = pcall(require, "table.clear")

local function clear(tab)
	for key in pairs(tab) do
		tab[key] = nil
	end
end

local function copy(into, from, name)
	if type(from) ~= "table" and from ~= nil then
		error(name .. " must be a table", 3)
	end
	for key, value in pairs(from or {}) do
		into[key] = value
	end
end

return function(kong)
	kong.table = kong.table or {}

	function kong.table.new(narr, nrec)
		for name, value in pairs({ narr = narr or 0, nrec = nrec or 0 }) do
			if type(value) ~= "number" then
				error(name .. " must be a number", 2)
			end
		end
		return has_new and new_table(narr or 0, nrec or 0) or {}
	end

	kong.table.clear = has_clear and clear_table or clear

	function kong.table.merge(t1, t2)
		local merged = {}
		copy(merged, t1, "t1")
		copy(merged, t2, "t2")
		return merged
	end
end
