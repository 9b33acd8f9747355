-- vault_env.lua - secrets from the environment, {vault://env/NAME/KEY}. The
-- environment is read while the master starts, since workers have none.

local ffi = require "ffi"
local cjson = require "cjson.safe"

ffi.cdef [[ extern char **environ; ]]

local variables = {}

local function init()
	local list = ffi.C.environ
	local i = 0
	while list ~= nil and list[i] ~= nil do
		local name, value = ffi.string(list[i]):match("^([^=]*)=(.*)$")
		if name then
			variables[name] = value
		end
		i = i + 1
	end
end

local function is_reference(text)
	return type(text) == "string" and text:sub(1, 9) == "{vault://" and text:sub(-1) == "}"
end

local function split_path(path)
	local parts = {}
	for part in path:gmatch("[^/]+") do
		parts[#parts + 1] = ngx.unescape_uri(part)
	end
	return parts
end

local function parse_version(fragment, reference)
	if not fragment then
		return nil
	end
	local version = tonumber(fragment, 10)
	if not version then
		return nil, ("reference url has invalid version [%s]"):format(reference)
	end
	return version
end

-- The parts of a reference: name, resource, key, config, version.
local function parse_reference(reference)
	if not is_reference(reference) then
		return nil, ("not a reference [%s]"):format(tostring(reference))
	end
	local rest, fragment = reference:sub(10, -2):match("^([^#]*)#?(.*)$")
	local place, query = rest:match("^([^?]*)%??(.*)$")
	local name, path = place:match("^([^/]*)(.*)$")
	if name == "" then
		return nil, ("reference url is missing host [%s]"):format(reference)
	elseif path == "" then
		return nil, ("reference url is missing path [%s]"):format(reference)
	elseif path == "/" then
		return nil, ("reference url has empty path [%s]"):format(reference)
	end
	local version, err = parse_version(fragment ~= "" and fragment or nil, reference)
	if err then
		return nil, err
	end
	local parts = split_path(path)
	local n = #parts
	return {
		name = name, resource = n <= 1 and parts[1] or table.concat(parts, "/", 1, n - 1),
		key = n > 1 and parts[n] or nil, version = version,
		config = query ~= "" and ngx.decode_args(query) or nil,
	}
end

local function get(reference)
	local parsed, err = parse_reference(reference)
	if not parsed then
		return nil, err
	end
	if parsed.name ~= "env" then
		return nil, ("could not find vault (%s) [%s]"):format(parsed.name, reference)
	end
	local prefix = parsed.config and parsed.config.prefix or ""
	local value = variables[(prefix .. parsed.resource):gsub("-", "_"):upper()]
	if value == nil then
		return nil, ("could not get value from external vault (no value found) [%s]"):format(reference)
	end
	if parsed.key then
		local object = cjson.decode(value)
		value = type(object) == "table" and object[parsed.key] or nil
	end
	return value
end

return { init = init, is_reference = is_reference, parse_reference = parse_reference, get = get }
