-- The response before the gateway has one: what this event has set so far.
--
-- kong.response's setters tell it (kong_response.lua). When a plugin with filters ends a request by itself,
-- its filters read here what they would read in the gateway; what they set goes to both.

local core = require "outrigger.core"
local headers = require "outrigger.headers"

local response = {}

-- Few plugins read what they have set: until one does, it is only noted, as calls of `headers`.
local function note(call, name, value)
	local event = core.event()
	local noted = event.noted or { n = 0 }
	local n = noted.n
	noted[n + 1], noted[n + 2], noted[n + 3], noted.n = call, name, value, n + 3
	event.noted = noted
end

local function replay(noted, own)
	for i = 1, noted.n, 3 do
		noted[i](own.headers, noted[i + 1], noted[i + 2])
	end
end

local function state()
	local event = core.event()
	local own = event.response or { headers = headers.new() }
	event.response = own
	if event.noted then
		replay(event.noted, own)
		event.noted = nil
	end
	return own
end

local function known()
	local event = core.event()
	return event and (event.response or event.noted) and state()
end

-- From here on, the response is what is known here: of a plugin that ends the request itself.
function response.begin(status)
	local own = state()
	own.is_own, own.status = true, status
end

-- Whether the response is one that this plugin makes in this event.
function response.is_own()
	local own = known()
	return own ~= nil and own.is_own == true
end

-- The status that was set, or nil.
function response.status()
	local own = known()
	return own and own.status
end

-- A text, a list of texts, or nil.
function response.get(name)
	local own = known()
	return own and own.headers:get(name)
end

-- Of a response of one's own: all headers; one.
function response.all()
	return state().headers:all()
end

function response.first(name)
	return state().headers:get_first(name)
end

function response.set_status(status)
	state().status = status
end

function response.set(name, value)
	note(headers.set, name, value)
end

function response.add(name, value)
	note(headers.add, name, type(value) == "table" and { unpack(value) } or value)
end

return response
