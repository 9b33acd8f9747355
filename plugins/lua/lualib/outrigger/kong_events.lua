-- kong.worker_events, kong.cluster_events: those of this plugin in this process.

local loop = require "outrigger.c.loop"

local worker_events = {}
local handlers = {} -- callbacks by source, then by event; "*" stands for all

local function listeners(source, event)
	local by_event = handlers[source] or {}
	return by_event[event] or {}
end

local function call(callbacks, ...)
	for _, callback in ipairs({ unpack(callbacks) }) do
		local ok, err = pcall(callback, ...)
		if not ok then
			ngx.log(ngx.ERR, "worker_events: callback failed: ", err)
		end
	end
end

local function deliver(source, event, data)
	call(listeners(source, event), data, event, source, ngx.worker.pid())
	call(listeners(source, "*"), data, event, source, ngx.worker.pid())
	call(listeners("*", "*"), data, event, source, ngx.worker.pid())
end

-- callback(data, event, source, pid) for an event of that source; for all of its events, or of all sources.
function worker_events.register(callback, source, event, ...)
	if type(callback) ~= "function" then
		error("expected function, got: " .. type(callback), 2)
	end
	source, event = source or "*", event or "*"
	handlers[source] = handlers[source] or {}
	local list = handlers[source][event] or {}
	handlers[source][event] = list
	list[#list + 1] = callback
	for _, more in ipairs({ ... }) do
		worker_events.register(callback, source, more)
	end
end

function worker_events.unregister(callback, source, event)
	local list = listeners(source or "*", event or "*")
	for i = #list, 1, -1 do
		if list[i] == callback then
			table.remove(list, i)
			return true
		end
	end
	return false
end

worker_events.register_weak = worker_events.register

function worker_events.subscribe(source, event, callback)
	return worker_events.register(callback, source, event)
end

-- Delivers, a moment later: true, or nil and an error.
function worker_events.post(source, event, data)
	if type(source) ~= "string" or type(event) ~= "string" then
		return nil, "source and event are required"
	end
	local ok, err = loop.task(0, function()
		deliver(source, event, data)
	end)
	if not ok then
		return nil, err
	end
	return true
end

worker_events.post_local = worker_events.post

function worker_events.publish(_, source, event, data)
	return worker_events.post(source, event, data)
end

function worker_events.poll()
	return "done"
end

function worker_events.configured()
	return true
end

-- An event of the cluster is for the other nodes, and none is connected with this process.
local cluster_events = {}

function cluster_events.subscribe(_, channel, callback)
	if type(channel) ~= "string" or type(callback) ~= "function" then
		return error("channel and callback are required", 2)
	end
	return true
end

function cluster_events.broadcast(_, channel, data)
	if type(channel) ~= "string" then
		return nil, "channel must be a string"
	elseif type(data) ~= "string" then
		return nil, "data must be a string"
	end
	return true
end

return function(kong)
	kong.worker_events, kong.cluster_events = worker_events, cluster_events
end
