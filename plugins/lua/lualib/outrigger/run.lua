-- Runs a handler for a phase: the function that C calls for each event.

local core = require "outrigger.core"
local filters = require "outrigger.filters"
local loop = require "outrigger.c.loop"
local output = require "outrigger.output"

local run = {}

local handler, own = nil, {}

-- ---- init_worker ----

-- While it runs, and if it has failed. It may wait; events that come meanwhile wait for its end.
local waits, has_failed

function own.init_worker()
	waits, has_failed = {}, false
	if type(handler.init_worker) == "function" then
		handler:init_worker()
	end
end

local function end_init(failed)
	local those = waits
	waits, has_failed = nil, failed
	for _, wait in ipairs(those) do
		loop.wake(wait)
	end
end

own["init_worker:done"] = function()
	end_init(false)
end

own["init_worker:failed"] = function()
	end_init(true)
end

local function wait_for_init()
	local wait = loop.new_wait()
	waits[#waits + 1] = wait
	loop.wait(wait)
	if has_failed then
		error("init_worker has failed", 0)
	end
end

-- ---- phases ----

-- Nothing is called for a phase that the handler lacks: the gateway may know an older version of it.
function run.phase(name, conf)
	if waits and core.event() then
		wait_for_init()
	end
	local fn = own[name] or handler[name]
	if type(fn) == "function" then
		fn(handler, conf)
		output.flush()
	end
end

local function run_with_conf(name, conf)
	core.event().conf = conf
	run.phase(name, conf)
end

-- Takes the handler. Returns the function to be called with a phase's name and its argument.
function run.new(plugin_handler, is_filtering)
	handler = plugin_handler
	if not is_filtering or not filters.has(handler) then
		return run.phase
	end
	own.response = filters.run
	filters.install(handler, function()
		return core.event().conf
	end)
	return function(name, conf)
		if core.event() then
			return run_with_conf(name, conf)
		end
		return run.phase(name, conf)
	end
end

return run
