-- Runs a handler for a phase: the function that C calls for each event.

local core = require "outrigger.core"
local filters = require "outrigger.filters"
local output = require "outrigger.output"

local run = {}

local handler, own = nil, {}

-- Nothing is called for a phase that the handler lacks: the gateway may know an older version of it.
function run.phase(name, conf)
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
