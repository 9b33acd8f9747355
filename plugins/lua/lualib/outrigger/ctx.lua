-- kong.ctx.plugin, and what else stays here: tables for one plugin and one request, over its phases.
--
-- The gateway's events don't say which request they belong to. So the table stays here under a
-- token, and the token is put into the request's own context at the gateway: one call when the
-- table is first written to, one to find it again in a later phase, none for a plugin that
-- doesn't use it.

local core = require "outrigger.core"
local store = require "outrigger.ctx_store"

local ctx = {}

-- The certificate phase is not here: it belongs to a connection, and has a context of its own.
local ORDER = { rewrite = 1, preread = 2, access = 2, response = 3, log = 4 }

-- By plugin: phase -> whether the plugin has one before it, after it.
local orders = {}

local function order_of(phases)
	local earlier, later = {}, {}
	for _, phase in ipairs(phases) do
		for _, other in ipairs(phases) do
			local a, b = ORDER[phase], ORDER[other]
			earlier[phase] = earlier[phase] or a and b and b < a
			later[phase] = later[phase] or a and b and b > a
		end
	end
	return { earlier = earlier, later = later }
end

-- Told once, after loading: the phases of the plugin.
function ctx.set_phases(phases)
	orders[core.plugin()] = order_of(phases)
end

local function find(key, is_last)
	local token = kong.nginx.get_ctx(key)
	local t = token and store.get(token)
	if t and is_last then
		store.remove(token)
	end
	return t
end

-- An empty table gives its token away when it is first written to, and is a plain one from then on.
local function new_unsaved(key)
	return { __newindex = function(t, field, value)
		setmetatable(t, nil)
		t[field] = value
		kong.nginx.set_ctx(key, store.add(t))
	end }
end

local function find_or_make(name)
	local plugin, phase = core.plugin(), core.event_phase()
	local key, order = "outrigger:" .. plugin .. name, orders[plugin]
	return order.earlier[phase] and find(key, not order.later[phase])
		or setmetatable({}, order.later[phase] and new_unsaved(key) or nil)
end

-- A function that gives the table of that name of the event that runs; nil outside of events, as in the gateway.
function ctx.new(name)
	return function()
		local event = core.event()
		if not event then
			return nil
		end
		event[name] = event[name] or find_or_make(name)
		return event[name]
	end
end

ctx.plugin = ctx.new("")

return ctx
