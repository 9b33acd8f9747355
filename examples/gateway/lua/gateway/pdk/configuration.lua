-- configuration.lua - kong.configuration: the settings, to be read only.

local SENSITIVE = { pg_password = true, pg_ro_password = true, proxy_server = true,
	declarative_config_string = true }

return function(_, core)
	local function remove_sensitive()
		local settings = {}
		for key, value in pairs(core.settings) do
			settings[key] = SENSITIVE[key] and "******" or value
		end
		return settings
	end
	return setmetatable({ remove_sensitive = remove_sensitive }, {
		__index = function(_, key)
			return core.settings[key]
		end,
		__newindex = function()
			error("cannot write to configuration", 2)
		end,
	})
end
