-- node.lua - kong.node

local ffi = require "ffi"
local uuid = require "gateway.uuid"

ffi.cdef [[ int gethostname(char *name, size_t size); ]]

local ID_KEY = "kong:node_id"
local UNITS = { k = { "KiB", 2 ^ 10 }, m = { "MiB", 2 ^ 20 }, g = { "GiB", 2 ^ 30 } }

local function to_unit(bytes, unit, scale)
	if unit:lower() == "b" then
		return math.floor(bytes)
	end
	local name, size = unpack(UNITS[unit:lower()])
	return ("%." .. scale .. "f %s"):format(bytes / size, name)
end

local function check_unit(unit, scale)
	if unit:lower() ~= "b" and unit ~= "" then
		if type(scale) ~= "number" or scale < 0 then
			error("scale must be equal or greater than 0", 3)
		elseif not UNITS[unit:lower()] then
			error("invalid unit '" .. unit .. "' (expected 'k/K', 'm/M', or 'g/G')", 3)
		end
	end
end

local function workers(unit, scale)
	local list = {}
	for _, key in ipairs(ngx.shared.kong:get_keys()) do
		local pid = key:match("^kong:mem:(%d+)")
		local kilobytes = pid and ngx.shared.kong:get(key)
		if kilobytes then
			list[#list + 1] = { pid = tonumber(pid),
				http_allocated_gc = to_unit(kilobytes * 1024, unit, scale) }
		end
	end
	table.sort(list, function(a, b)
		return a.pid < b.pid
	end)
	return list
end

local function dictionaries(unit, scale)
	local list = {}
	for name, dictionary in pairs(ngx.shared) do
		local capacity = dictionary:capacity()
		list[name] = { capacity = to_unit(capacity, unit, scale),
			allocated_slabs = to_unit(capacity - dictionary:free_space(), unit, scale) }
	end
	return list
end

local function get_hostname()
	local buffer = ffi.new("char[?]", 254)
	if ffi.C.gethostname(buffer, 253) ~= 0 then
		return ""
	end
	return ffi.string(buffer)
end

return function(_, core)
	local node = { get_hostname = get_hostname }

	function node.get_id()
		if core.settings.node_id then
			return core.settings.node_id
		end
		ngx.shared.kong:safe_add(ID_KEY, uuid.v4())
		return ngx.shared.kong:get(ID_KEY)
	end

	function node.get_memory_stats(unit, scale)
		unit, scale = unit or "b", scale or 2
		check_unit(unit, scale)
		return { workers_lua_vms = workers(unit, scale),
			lua_shared_dicts = dictionaries(unit, scale) }
	end

	node.get_id()
	return node
end
