-- What ngx.print and ngx.say have printed in an event. Status and headers count as sent from the first text on.

local core = require "outrigger.core"
local response = require "outrigger.response"

local output = {}

-- Whether anything was ever printed: most plugins never do, and their events have no table to look into.
local is_used = false

local PRINTED = { string = true, number = true, boolean = true, ["nil"] = true }

-- How many items a list has, holes among them; nil if it is none.
local function length(list)
	local most = 0
	for key in pairs(list) do
		if type(key) ~= "number" or key < 1 or key % 1 ~= 0 then
			return nil
		end
		most = math.max(most, key)
	end
	return most
end

-- Returns what is wrong with the value, or nil. `bad` says it of a type.
local function append(parts, value, bad)
	if value == core.null then
		parts[#parts + 1] = "null"
	elseif PRINTED[type(value)] then
		parts[#parts + 1] = tostring(value)
	elseif type(value) ~= "table" then
		return bad:format(type(value))
	else
		local n = length(value)
		if not n then
			return "non-array table found"
		end
		for i = 1, n do
			local err = append(parts, value[i], "bad data type %s found")
			if err then
				return err
			end
		end
	end
end

local BAD = "string, number, boolean, nil, ngx.null, or array table expected, but got %s"

-- All arguments as a list of texts; raises to the caller of ngx's function.
local function to_texts(...)
	local texts = {}
	for i = 1, select("#", ...) do
		local err = append(texts, (select(i, ...)), BAD)
		if err then
			error(("bad argument #%d to '?' (%s)"):format(i, err), 5)
		end
	end
	return texts
end

function output.add(event, ...)
	local texts = to_texts(...)
	is_used = true
	event.output = event.output or { status = response.status() or 200 }
	event.output[#event.output + 1] = table.concat(texts)
	return 1
end

function output.has_begun()
	local event = is_used and core.event()
	return event and event.output ~= nil or false
end

-- The text and its status; nil if nothing was printed. It is gone then.
function output.take(event)
	local parts = event.output
	event.output = nil
	if parts then
		return table.concat(parts), parts.status
	end
end

-- Sends it, at the end of a handler.
function output.flush()
	local event = is_used and core.event()
	if event and event.output then
		local body, status = output.take(event)
		kong.response.exit(status, body)
	end
end

return output
