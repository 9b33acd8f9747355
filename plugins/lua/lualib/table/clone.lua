-- table.clone, for Lua that lacks it: a copy, one level deep.

return function(t)
	local copy = {}
	for key, value in pairs(t) do
		copy[key] = value
	end
	return copy
end
