-- What ngx.print and ngx.say have printed in an event.

local core = require "outrigger.core"
local response = require "outrigger.response"

local output = {}

local MAX_DEPTH = 32

-- Whether anything was ever printed: most plugins never do, and their events have no table to look into.
local is_used = false

local function append(parts, value, depth)
	if type(value) == "table" and depth < MAX_DEPTH then
		for _, item in ipairs(value) do
			append(parts, item, depth + 1)
		end
	elseif value == core.null then
		parts[#parts + 1] = "null"
	else
		parts[#parts + 1] = tostring(value)
	end
end

function output.add(event, ...)
	is_used = true
	event.output = event.output or {}
	for i = 1, select("#", ...) do
		append(event.output, (select(i, ...)), 1)
	end
	return 1
end

-- The text, or nil; it is gone then.
function output.take(event)
	local parts = event.output
	event.output = nil
	return parts and table.concat(parts)
end

-- Sends it, at the end of a handler.
function output.flush()
	local event = is_used and core.event()
	local body = event and output.take(event)
	if body then
		kong.response.exit(response.status() or 200, body)
	end
end

return output
