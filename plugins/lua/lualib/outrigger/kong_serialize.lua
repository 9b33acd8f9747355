-- kong.log.serialize with the values that are set in the log phase. The gateway has made its answer when the phase
-- begins, so those that come now are put into it here.

local core = require "outrigger.core"

local NO_TABLE = "The key '%s' could not be used as a serialize value. Subkey '%s' is not a table. It's %s"

-- The table that the last word of a dotted key belongs to; nil where it is not there and shall not be made.
local function find_table(root, key, is_made)
	local node = root
	for word in key:gmatch("([^.]*)%.") do
		if node[word] == nil then
			if not is_made then
				return nil
			end
			node[word] = {}
		elseif type(node[word]) ~= "table" then
			error(NO_TABLE:format(key, word, tostring(node[word])), 0)
		end
		node = node[word]
	end
	return node
end

local function put(root, item)
	local node = find_table(root, item.key, item.mode ~= "replace")
	local name = item.key:match("[^.]*$")
	local is_there = node ~= nil and node[name] ~= nil
	if node and (item.mode == "set" or (item.mode == "replace") == is_there) then
		node[name] = item.value
	end
end

local MODES = { set = true, add = true, replace = true }

local function keep(key, value, mode)
	if type(key) ~= "string" then
		error("key must be a string", 3)
	elseif not MODES[mode] then
		error("mode must be 'set', 'add' or 'replace'", 3)
	end
	local event = core.event()
	event.serialize_values = event.serialize_values or {}
	table.insert(event.serialize_values, { key = key, value = value, mode = mode })
end

-- Plugins hand over the `ngx` and `kong` that they have, which are the gateway's own there.
local function without_own(options)
	if type(options) ~= "table" or options.ngx == nil and options.kong == nil then
		return options
	end
	local rest = {}
	for key, value in pairs(options) do
		if key ~= "ngx" and key ~= "kong" then
			rest[key] = value
		end
	end
	return next(rest) ~= nil and rest or nil
end

return function(kong)
	local log = kong.log
	local send, serialize = log.set_serialize_value, log.serialize

	function log.set_serialize_value(key, value, options)
		if core.phase() ~= "log" then
			return send(key, value, options)
		end
		keep(key, value, options and options.mode or "set")
	end

	function log.serialize(options)
		local record = serialize(without_own(options))
		local event = core.event()
		for _, item in ipairs(event and event.serialize_values or {}) do
			put(record, item)
		end
		return record
	end
end
