-- table.isarray, for Lua that lacks it: whether all keys are indices.

return function(t)
	for key in pairs(t) do
		if type(key) ~= "number" or key % 1 ~= 0 then
			return false
		end
	end
	return true
end
