-- table.nkeys, for Lua that lacks it: how many keys a table has.

return function(t)
	local count = 0
	for _ in pairs(t) do
		count = count + 1
	end
	return count
end
