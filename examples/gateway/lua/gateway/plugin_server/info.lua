-- info.lua - asks each plugin server what it serves, by its query command. As
-- the real gateway 3.9 does: through a shell, reading standard output only,
-- ignoring the exit status, and using only the first plugin of an array.

local json = require "gateway.json"

local function query(server)
	local pipe, err = io.popen(server.query_command)
	if not pipe then
		return nil, ("error loading plugins info from [%s]: %s"):format(server.name, err)
	end
	local text = pipe:read("*a")
	pipe:close()
	local dump
	dump, err = json.decode(text)
	if err then
		return nil, "failed decoding plugin info: " .. err
	end
	if type(dump) ~= "table" then
		return nil, ("not a plugin info table: \n%s\n%s"):format(server.query_command, text)
	end
	server.protocol = dump.Protocol or "MsgPack:1"
	return (dump.Plugins or dump)[1]
end

local function check_numbers(info)
	if type(info.Priority) ~= "number" or info.Priority ~= math.floor(info.Priority) then
		return nil, ("Plugin %q cannot be loaded because its PRIORITY field is not a valid integer "
			.. "number, got: %q."):format(info.Name, tostring(info.Priority))
	end
	if type(info.Version) ~= "string" or not info.Version:match("^%d+%.%d+%.%d+$") then
		return nil, ("Plugin %q cannot be loaded because its VERSION field does not follow the "
			.. "\"x.y.z\" format, got: %q."):format(info.Name, tostring(info.Version))
	end
	return true
end

local function check_phases(info)
	local has = {}
	for _, phase in ipairs(info.Phases or {}) do
		has[phase] = true
	end
	if has.response and (has.header_filter or has.body_filter) then
		return nil, ("Plugin %q can't be loaded because it implements both `response` and "
			.. "`header_filter` or `body_filter` methods."):format(info.Name)
	end
	return true
end

local function check(info)
	local ok, err = check_numbers(info)
	if not ok then
		return nil, err
	end
	ok, err = check_phases(info)
	if not ok then
		return nil, err
	end
	if type(info.Schema) ~= "table" or not info.Schema.name or not info.Schema.fields then
		return nil, ("Plugin %q: its schema has no name or no fields"):format(info.Name)
	end
	return true
end

-- Plugin infos by plugin name, each with `server`; or nil and an error.
local function load(servers)
	local infos = {}
	for _, server in ipairs(servers) do
		local info, err = query(server)
		if not info then
			return nil, err or "no plugin in the answer of: " .. server.query_command
		end
		local ok
		ok, err = check(info)
		if not ok then
			return nil, err
		end
		info.server = server
		infos[info.Name] = info
	end
	return infos
end

return { load = load }
