-- kong.response: the getters ask outrigger.response where the response is one that the plugin makes itself.

local response = require "outrigger.response"

local function prefer(t, name, own)
	local call = t[name]
	t[name] = function(...)
		if response.is_own() then
			return own(...)
		end
		return call(...)
	end
end

local function nothing() end

return function(kong)
	prefer(kong.response, "get_status", response.status)
	prefer(kong.response, "get_headers", response.all)
	prefer(kong.response, "get_header", response.first)
	prefer(kong.response, "get_source", function()
		return "exit"
	end)
	prefer(kong.service.response, "get_status", nothing)
	prefer(kong.service.response, "get_header", nothing)
	prefer(kong.service.response, "get_headers", function()
		return setmetatable({}, getmetatable(response.all()))
	end)
end
