-- Runs a handler for a phase: run.new makes the function that C calls for each event.

local core = require "outrigger.core"
local filters = require "outrigger.filters"
local loop = require "outrigger.c.loop"
local output = require "outrigger.output"
local threads = require "outrigger.threads"

local run = {}

-- ---- init_worker ----

-- While it runs, and if it has failed. It may wait; events that come meanwhile wait for its end.
local function begin_init(self)
	self.waits, self.has_failed = {}, false
	if type(self.handler.init_worker) == "function" then
		self.handler:init_worker()
	end
end

local function end_init(self, has_failed)
	local waits = self.waits
	self.waits, self.has_failed = nil, has_failed
	for _, wait in ipairs(waits) do
		loop.wake(wait)
	end
end

local function wait_for_init(self)
	local wait = loop.new_wait()
	self.waits[#self.waits + 1] = wait
	loop.wait(wait)
	if self.has_failed then
		error("init_worker has failed", 0)
	end
end

local own = {
	init_worker = begin_init,
	["init_worker:done"] = function(self)
		end_init(self, false)
	end,
	["init_worker:failed"] = function(self)
		end_init(self, true)
	end,
}

-- ---- phases ----

-- What the handler does in a phase. Nothing for a phase that it lacks: the gateway may know an older version of it.
local function call(self, name, conf)
	if own[name] then
		return own[name](self)
	elseif name == "response" and self.is_filtering then
		return filters.run(self.handler, conf)
	end
	local fn = self.handler[name]
	if type(fn) == "function" then
		fn(self.handler, conf)
	end
end

local function run_phase(self, name, conf)
	threads.begin()
	if self.waits and core.event() then
		wait_for_init(self)
	end
	if self.is_filtering and core.event() then
		local event = core.event()
		event.handler, event.conf = self.handler, conf
	end
	call(self, name, conf)
	threads.join()
	output.flush()
end

-- The function to be called with a phase's name and its argument.
function run.new(handler, is_filtering)
	local self = { handler = handler, is_filtering = is_filtering and filters.has(handler) }
	if self.is_filtering then
		filters.install()
	end
	return function(name, conf)
		return run_phase(self, name, conf)
	end
end

return run
