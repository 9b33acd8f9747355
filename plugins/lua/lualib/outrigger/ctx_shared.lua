-- kong.ctx.shared: a table whose fields live in the gateway.
--
-- Within an event nobody else writes to it, so each field is asked for once, and a table in it
-- stays the same table. One that the handler changed from within is sent again before the event's
-- last call.

local core = require "outrigger.core"

local NIL = {}

local WARN = 5

-- A copy of plain data, or the same leaf.
local function copy(value)
	if type(value) ~= "table" then
		return value
	end
	local twin = {}
	for key, field in pairs(value) do
		twin[key] = copy(field)
	end
	return twin
end

local function equal(a, b)
	if type(a) ~= "table" or type(b) ~= "table" then
		return a == b
	end
	for key, field in pairs(a) do
		if not equal(field, b[key]) then
			return false
		end
	end
	for key in pairs(b) do
		if a[key] == nil then
			return false
		end
	end
	return true
end

-- What the event knows: values by key, and how the tables among them looked at the gateway.
local function known()
	local event = core.event()
	event.shared = event.shared or { values = {}, sent = {} }
	return event.shared
end

local function keep(key, value)
	local event = known()
	event.values[key] = value == nil and NIL or value
	event.sent[key] = type(value) == "table" and copy(value) or nil
end

-- What can't be sent is only missing in the other plugins: no reason to fail the request.
local function send_again(set, key, value)
	local ok, err = pcall(set, key, value)
	if not ok then
		core.log(WARN, "kong.ctx.shared.", key, " was changed and can't be sent again: ", err)
	end
end

local function send_changed(set)
	local event = core.event().shared
	for key, before in pairs(event and event.sent or {}) do
		local now = event.values[key]
		if not equal(now, before) then
			send_again(set, key, now)
		end
	end
	if event then
		event.sent = {}
	end
end

-- Returns the function that gives the table. `get` and `set` are those of the gateway.
return function(get, set)
	local shared = setmetatable({}, {
		__index = function(_, key)
			if known().values[key] == nil then
				keep(key, get(key))
			end
			local value = known().values[key]
			if value ~= NIL then
				return value
			end
		end,
		__newindex = function(_, key, value)
			set(key, value)
			keep(key, value)
		end,
	})

	core.on_end(function()
		send_changed(set)
	end)

	return function()
		return shared
	end
end
