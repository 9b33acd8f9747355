-- kong.ctx.plugin, and what else stays with a plugin: tables for one plugin and one request, over its phases.
--
-- The gateway's events don't say which request they belong to, and the phases of one may reach different
-- workers: those of a group, or the old one and the new one of a reload. So what is plain data in the table lives
-- in the request's own context at the gateway, as bytes: one call at the end of an event that has changed it,
-- one to find it in a later phase, none for a plugin that doesn't use it. What else is in it, functions say,
-- stays here under a token that goes with the bytes; a phase on this worker finds the table itself by it.

local core = require "outrigger.core"
local on_end = require "outrigger.on_end"
local pack = require "outrigger.c.pack"
local plain = require "outrigger.plain"
local store = require "outrigger.ctx_store"

local LARGEST = 64 * 1024

local WARN = 5

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

-- ---- what is kept ----

-- What of a table can cross, and a field that can't.
local function split(t)
	local data, odd = {}, nil
	for field, value in pairs(t) do
		if plain.is({ [field] = value }, core.null) then
			data[field] = value
		else
			odd = field
		end
	end
	return data, odd
end

local warned = {}

local function warn(label, reason)
	local id = core.plugin() .. " " .. label
	if select(2, core.worker()) > 1 and not warned[id] then
		warned[id] = true
		core.log(WARN, label, reason, " and stays in this worker: a later phase of the request that another worker ",
			"runs does not see it (only plain data crosses, up to ", LARGEST, " bytes of it)")
	end
end

-- Data and text of what is to be sent; whether that is not all.
local function compose(kept)
	local data, odd = split(kept.t)
	local text = pack.pack(data) or ""
	if #text > LARGEST then
		warn(kept.label, " is larger than that")
		return {}, true
	elseif odd ~= nil then
		warn(kept.label, "." .. tostring(odd) .. " holds a " .. type(kept.t[odd]) .. " or an object")
	end
	return data, odd ~= nil
end

local function save(kept)
	local data, is_part = compose(kept)
	if kept.data and plain.equal(data, kept.data) and (not is_part or kept.token) then
		return
	end
	if is_part then
		kept.token = kept.token or store.add(kept.t)
	elseif kept.token then
		store.remove(kept.token)
		kept.token = nil
	end
	local text = pack.pack({ kept.token or false, data })
	kept.data = pack.unpack(text)[2]
	kong.nginx.set_ctx(kept.key, text)
end

on_end(function()
	local event = core.event()
	for _, kept in ipairs(event and event.kept or {}) do
		save(kept)
	end
end)

-- ---- tables of an event ----

-- What an earlier phase has left: its table, its plain data as it was, the token.
local function find(key)
	local text = kong.nginx.get_ctx(key)
	local packed = type(text) == "string" and pack.unpack(text)
	if type(packed) ~= "table" or type(packed[2]) ~= "table" then
		return {}, {}
	end
	local token = packed[1] or nil
	local t = token and store.get(token)
	return t or packed[2], t and packed[2] or plain.copy(packed[2]), t and token
end

local function find_or_make(event, name)
	local plugin, phase = core.plugin(), core.event_phase()
	local kept = { key = "outrigger:" .. plugin .. name, label = name == "" and "kong.ctx.plugin" or name:sub(2) }
	local order = orders[plugin]
	if order.earlier[phase] then
		kept.t, kept.data, kept.token = find(kept.key)
	else
		kept.t, kept.data = {}, {}
	end
	if order.later[phase] then
		event.kept = event.kept or {}
		table.insert(event.kept, kept)
		core.mark_end()
	elseif kept.token then
		store.remove(kept.token)
	end
	return kept.t
end

-- A function that gives the table of that name of the event that runs; nil outside of events, as in the gateway.
function ctx.new(name)
	return function()
		local event = core.event()
		if not event then
			return nil
		end
		event[name] = event[name] or find_or_make(event, name)
		return event[name]
	end
end

ctx.plugin = ctx.new("")

return ctx
