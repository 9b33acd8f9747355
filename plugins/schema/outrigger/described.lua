-- The info of a plugin that is not written in Lua, by the same rules: `described` has its version,
-- priority, phases (names) and schema.
--
-- Returns the info table of the gateway's query_cmd, an array of notes (texts) and the two functions
-- that complete confs (schema/conf), or nil and what is wrong.

require("outrigger.ngx.re")(ngx)

local Conf = require "outrigger.schema.conf"
local plugin_info = require "outrigger.plugin_info"

local function handle() end

return function(described, name, version)
	local handler = { PRIORITY = described.priority, VERSION = described.version }
	for _, phase in ipairs(described.phases) do
		handler[phase] = handle
	end
	local info, notes = plugin_info.build(handler, described.schema, name, {
		kong_version = ("%d.%d"):format(math.floor(version / 100), version % 100),
		where = "struct outrigger_plugin",
	})
	if not info then
		return nil, notes
	end
	return info, plugin_info.note_texts(notes), Conf.completers(described.schema, described.split)
end
