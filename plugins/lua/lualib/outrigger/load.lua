-- Loads a plugin's handler and schema, and computes what the gateway is told of it.
--
-- Returns the function that runs the handler, the info table, an array of notes (texts), whether the handler wants
-- to be told of its confs, and the two functions that complete confs (schema/conf); or nil and what is wrong.

local Conf = require "outrigger.schema.conf"
local core = require "outrigger.core"
local ctx = require "outrigger.ctx"
local plugin_info = require "outrigger.plugin_info"
local run = require "outrigger.run"

-- Where the plugin has not turned the compiler off.
local function go_on(compiles, ...)
	if compiles then
		jit.on()
	end
	return ...
end

-- To compile what runs once costs more than it saves. The plugin's own code may do more, and is compiled as always.
local function run_once(f, ...)
	local compiles = jit and jit.status()
	if compiles then
		jit.off()
	end
	return go_on(compiles, f(...))
end

return function(name, module, is_filtering, is_split)
	local handler = require("kong.plugins." .. module .. ".handler")
	local schema = require("kong.plugins." .. module .. ".schema")
	local version = core.kong_version
	local info, notes = run_once(plugin_info.build, handler, schema, name, {
		filters = is_filtering,
		kong_version = ("%d.%d"):format(math.floor(version / 100), version % 100),
	})
	if not info then
		return nil, notes
	end
	ctx.set_phases(info.Phases)
	kong.configuration.loaded_plugins[name] = true
	return run.new(handler, is_filtering), info, plugin_info.note_texts(notes),
		type(handler.configure) == "function", Conf.completers(schema, is_split)
end
