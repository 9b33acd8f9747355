-- mp_wire.lua - MessagePack values as the real gateway writes them. It uses the
-- same library, whose habits are part of the protocol: no str8, an empty table is
-- an empty array, a function inside a value writes itself.

local msgpack = require "MessagePack"

local packers = msgpack.packers
local pack_nil = packers["nil"]

packers["function"] = function(buffer, write)
	write(buffer)
end

packers.userdata = function(buffer, value)
	if value ~= ngx.null then
		error("pack 'userdata' is unimplemented")
	end
	return pack_nil(buffer)
end

local function empty_array(buffer)
	packers.array(buffer, {}, 0)
end

local function empty_map(buffer)
	packers.map(buffer, {}, 0)
end

-- Headers and query arguments: a map of arrays; `true` alone becomes an empty one.
local function multimap(values)
	local map = {}
	for name, value in pairs(values) do
		if value == true then
			map[name] = empty_array
		elseif type(value) == "string" then
			map[name] = { value }
		else
			map[name] = value
		end
	end
	return next(map) == nil and empty_map or map
end

-- Bodies go as bin. A body that is nil makes the writing raise, as in the gateway.
local function raw(bytes)
	return function(buffer)
		packers.binary(buffer, bytes)
	end
end

return {
	pack = msgpack.pack,
	unpacker = msgpack.unpacker,
	-- How the result of a PDK function is written, where it is not as it is.
	shapes = {
		["kong.request.get_query"] = multimap,
		["kong.request.get_headers"] = multimap,
		["kong.response.get_headers"] = multimap,
		["kong.service.response.get_headers"] = multimap,
		["kong.request.get_raw_body"] = raw,
		["kong.response.get_raw_body"] = raw,
		["kong.service.response.get_raw_body"] = raw,
	},
	-- The method that carries the result back.
	steps = {
		["kong.client.get_credential"] = "plugin.StepCredential",
		["kong.client.authenticate"] = "plugin.StepCredential",
		["kong.client.load_consumer"] = "plugin.StepConsumer",
		["kong.client.get_consumer"] = "plugin.StepConsumer",
		["kong.node.get_memory_stats"] = "plugin.StepMemoryStats",
		["kong.router.get_route"] = "plugin.StepRoute",
		["kong.router.get_service"] = "plugin.StepService",
		["kong.request.get_query"] = "plugin.StepMultiMap",
		["kong.request.get_headers"] = "plugin.StepMultiMap",
		["kong.response.get_headers"] = "plugin.StepMultiMap",
		["kong.service.response.get_headers"] = "plugin.StepMultiMap",
	},
}
