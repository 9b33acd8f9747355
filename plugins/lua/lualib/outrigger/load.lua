-- Loads a plugin's handler and schema, and computes what the gateway is told of it.
--
-- Returns the function that runs the handler, the info table, an array of notes (texts), whether the handler wants
-- to be told of its confs, and the two functions that complete confs (schema/conf); or nil and what is wrong.

local Conf = require "outrigger.schema.conf"
local core = require "outrigger.core"
local ctx = require "outrigger.ctx"
local plugin_info = require "outrigger.plugin_info"
local run = require "outrigger.run"

return function(name, module, is_filtering, is_split)
	local handler = require("kong.plugins." .. module .. ".handler")
	local schema = require("kong.plugins." .. module .. ".schema")
	local version = core.kong_version
	local info, notes = plugin_info.build(handler, schema, name, {
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
