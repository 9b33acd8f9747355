-- table.clear, for Lua that lacks it: empties a table.

return function(t)
	for key in pairs(t) do
		t[key] = nil
	end
end
