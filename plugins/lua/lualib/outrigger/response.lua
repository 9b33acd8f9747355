-- The response before the gateway has one: what this event has set so far.
--
-- What kong.response's setters were called with is kept in C (core.noted), and made sense of here once somebody reads it.
-- When a plugin with filters ends a request by itself, its filters read here what they would read in the gateway; what
-- they set goes to both.

local core = require "outrigger.core"
local headers = require "outrigger.headers"

local response = {}

-- Whether there ever was a response of a plugin's own: few plugins have filters.
local is_used = false

local apply = {
	["kong.response.set_status"] = function(own, status)
		own.status = status
	end,
	["kong.response.set_header"] = function(own, name, value)
		own.headers:set(name, value)
	end,
	["kong.response.add_header"] = function(own, name, value)
		own.headers:add(name, value)
	end,
	["kong.response.clear_header"] = function(own, name)
		own.headers:set(name, nil)
	end,
	["kong.response.set_headers"] = function(own, all)
		for name, value in pairs(all) do
			own.headers:set(name, value)
		end
	end,
}

local function state()
	local event = core.event()
	local own = event.response or { headers = headers.new() }
	event.response = own
	for _, call in ipairs(core.noted() or {}) do
		apply[call[1]](own, call[2], call[3])
	end
	return own
end

-- From here on, the response is what is known here: of a plugin that ends the request itself.
function response.begin(status)
	local own = state()
	own.is_own, own.status = true, status
	is_used = true
end

-- Whether the response is one that this plugin makes in this event.
function response.is_own()
	local event = is_used and core.event()
	return event and event.response ~= nil and event.response.is_own == true
end

-- The status that was set, or nil.
function response.status()
	return core.event() and state().status
end

-- A text, a list of texts, or nil.
function response.get(name)
	return core.event() and state().headers:get(name)
end

-- Of a response of one's own: all headers; one.
function response.all()
	return state().headers:all()
end

function response.first(name)
	return state().headers:get_first(name)
end

return response
