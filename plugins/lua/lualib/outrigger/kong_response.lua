-- kong.response: the setters also tell outrigger.response, and the getters ask there where the response is one
-- that the plugin makes itself.

local core = require "outrigger.core"
local response = require "outrigger.response"

-- Where there is no response to be read in the gateway.
local function is_before()
	local phase = core.event_phase()
	return phase == "access" or phase == "rewrite"
end

local function wrap(t, name, note)
	local call = t[name]
	t[name] = function(...)
		call(...)
		if is_before() then
			note(...)
		end
	end
end

local function prefer(t, name, own)
	local call = t[name]
	t[name] = function(...)
		if response.is_own() then
			return own(...)
		end
		return call(...)
	end
end

local function note_headers(headers)
	for name, value in pairs(headers) do
		response.set(name, value)
	end
end

local function nothing() end

return function(kong)
	wrap(kong.response, "set_status", response.set_status)
	wrap(kong.response, "set_header", response.set)
	wrap(kong.response, "add_header", response.add)
	wrap(kong.response, "clear_header", response.set)
	wrap(kong.response, "set_headers", note_headers)

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
