-- Tables whose fields live in the gateway: kong.ctx.shared, ngx.ctx.
--
-- Within an event nobody else writes to them, so each field is asked for once (without the read cache each
-- time), until it is forgotten; and a table in it stays the same table. One that the handler changed from
-- within is sent again before the event's last call.

local core = require "outrigger.core"
local on_end = require "outrigger.on_end"
local plain = require "outrigger.plain"

local NIL = {}

local WARN = 5

-- What an event knows of the table `name`: values by key, and how the tables among them looked at the
-- gateway.
local function known(name)
	local event = core.event()
	if not event[name] then
		event[name] = { values = {}, sent = {} }
		core.mark_end()
	end
	return event[name]
end

local function keep(name, key, value)
	local table_ = known(name)
	table_.values[key] = value == nil and NIL or value
	table_.sent[key] = type(value) == "table" and plain.copy(value) or nil
end

-- What can't be sent is only missing in the other plugins: no reason to fail the request.
local function send_again(name, set, key, value)
	local ok, err = pcall(set, key, value)
	if not ok then
		core.log(WARN, name, ".", key, " was changed and can't be sent again: ", err)
	end
end

local function send_changed(name, set)
	local table_ = core.event()[name]
	for key, before in pairs(table_ and table_.sent or {}) do
		local now = table_.values[key]
		if not plain.equal(now, before) then
			send_again(name, set, key, now)
		end
	end
	if table_ then
		table_.sent = {}
	end
end

-- A table that the handler has is what counts, as long as the gateway has what it was made of.
local function ask(name, key, get)
	local now, before = get(key), known(name).sent[key]
	if before == nil or not plain.equal(before, now) then
		keep(name, key, now)
	end
end

-- A table for all events, by the gateway's functions for its fields; and the function that forgets a field
-- which something else has set.
return function(name, get, set)
	on_end(function()
		send_changed(name, set)
	end)

	local function forget(key)
		local table_ = core.event() and known(name)
		if table_ then
			table_.values[key], table_.sent[key] = nil, nil
		end
	end

	local fields = setmetatable({}, {
		__index = function(_, key)
			if known(name).values[key] == nil or not core.has_read_cache() then
				ask(name, key, get)
			end
			local value = known(name).values[key]
			if value ~= NIL then
				return value
			end
		end,
		__newindex = function(_, key, value)
			set(key, value)
			keep(name, key, value)
		end,
	})
	return fields, forget
end
