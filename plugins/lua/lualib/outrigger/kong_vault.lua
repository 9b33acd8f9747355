-- kong.vault.try: runs a function with options, and once more with fresh secrets if it failed.

return function(kong)
	if not kong.vault then
		return
	end

	function kong.vault.try(callback, options)
		local result, err = callback(options)
		if result or type(options) ~= "table" or not options["$refs"] then
			return result, err
		end
		local fresh = kong.vault.update(options)
		for key, value in pairs(fresh or {}) do
			options[key] = value
		end
		return callback(options)
	end
end
