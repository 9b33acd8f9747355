-- A module of the plugin's own, found on the path like the handler.

return function(value)
	return "rock: " .. value
end
