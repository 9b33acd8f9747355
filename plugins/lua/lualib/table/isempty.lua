-- table.isempty, for Lua that lacks it: whether there is nothing in a table.

return function(t)
	return next(t) == nil
end
