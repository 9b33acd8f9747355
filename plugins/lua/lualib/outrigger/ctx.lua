-- kong.ctx.plugin: a table for one plugin and one request, over the request's phases.
--
-- The gateway's events don't say which request they belong to. So the table stays here under a
-- token, and the token is put into the request's own context at the gateway: one call when the
-- table is first written to, one to find it again in a later phase, none for a plugin that
-- doesn't use it.

local core = require "outrigger.core"
local store = require "outrigger.ctx_store"

local ctx = {}

local KEY = "outrigger:" .. core.plugin

-- The certificate phase is not here: it belongs to a connection, and has a context of its own.
local ORDER = { rewrite = 1, preread = 2, access = 2, response = 3, log = 4 }

local earlier, later = {}, {} -- phase -> whether the plugin has one before it, after it

-- Told once, after loading: the phases of the plugin.
function ctx.set_phases(phases)
	for _, phase in ipairs(phases) do
		for _, other in ipairs(phases) do
			local a, b = ORDER[phase], ORDER[other]
			earlier[phase] = earlier[phase] or a and b and b < a
			later[phase] = later[phase] or a and b and b > a
		end
	end
end

-- An empty table gives its token away when it is first written to, and is a plain one from then on.
local unsaved = {}

function unsaved.__newindex(t, key, value)
	setmetatable(t, nil)
	t[key] = value
	kong.nginx.set_ctx(KEY, store.add(t))
end

local function find(phase)
	local token = kong.nginx.get_ctx(KEY)
	local t = token and store.get(token)
	if t and not later[phase] then
		store.remove(token)
	end
	return t
end

-- The table of the event that runs; nil outside of events, as in the gateway.
function ctx.plugin()
	local event = core.event()
	if not event then
		return nil
	end
	if not event.plugin then
		local phase = core.phase()
		event.plugin = earlier[phase] and find(phase)
			or setmetatable({}, later[phase] and unsaved or nil)
	end
	return event.plugin
end

return ctx
