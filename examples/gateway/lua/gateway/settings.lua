-- settings.lua - the settings in force, as the start script wrote them to
-- PREFIX/.kong_env, with lists and the plugin servers taken apart.

local io_open = io.open

local LISTS = { plugins = true, pluginserver_names = true, trusted_ips = true, headers = true,
	headers_upstream = true }
local NUMBERS = { lua_max_req_headers = true, lua_max_resp_headers = true, lua_max_uri_args = true,
	lua_max_post_args = true, pluginserver_poll = true, lua_socket_pool_size = true }
-- Where Kong looks for a plugin server that is not described otherwise.
local SERVER_DIR = "/usr/local/bin"

local function split_list(text)
	local list = {}
	for item in text:gmatch("[^,]+") do
		item = item:match("^%s*(.-)%s*$")
		if item ~= "" then
			list[#list + 1] = item
		end
	end
	return list
end

local function exists(path)
	local file = io_open(path, "r")
	if file then
		file:close()
	end
	return file ~= nil
end

local function typed(key, value)
	if value == "" or value == "NONE" then
		return LISTS[key] and {} or nil
	end
	if LISTS[key] then
		return split_list(value)
	end
	if NUMBERS[key] then
		return tonumber(value)
	end
	return value
end

local function read_file(path)
	local file, err = io_open(path, "r")
	if not file then
		return nil, err
	end
	local settings = {}
	for line in file:lines() do
		local key, value = line:match("^(%S+) = ?(.*)$")
		if key then
			settings[key] = typed(key, value)
		end
	end
	file:close()
	return settings
end

local function plugin_server(settings, name)
	name = name:lower()
	local key = "pluginserver_" .. name:gsub("-", "_")
	local default = SERVER_DIR .. "/" .. name
	default = exists(default) and default or nil
	local server = {
		name = name,
		socket = settings[key .. "_socket"] or settings.prefix .. "/" .. name .. ".socket",
		start_command = settings[key .. "_start_cmd"] or default,
		query_command = settings[key .. "_query_cmd"] or default and default .. " -dump",
	}
	if not server.query_command then
		return nil, "query_command undefined for pluginserver " .. name
	end
	return server
end

local function as_set(list)
	local set = {}
	for _, item in ipairs(list) do
		set[item:lower()] = true
	end
	return set
end

-- Kong's names for the headers that `headers` turns on.
local function header_switches(list)
	local set = as_set(list)
	local tokens, latency = set.server_tokens, set.latency_tokens
	return {
		server = tokens or set.server, via = tokens or set.via,
		upstream_latency = latency or set["x-kong-upstream-latency"],
		proxy_latency = latency or set["x-kong-proxy-latency"],
		response_latency = latency or set["x-kong-response-latency"],
		upstream_status = set["x-kong-upstream-status"],
		request_id = set["x-kong-request-id"],
	}
end

local function load(prefix)
	local settings, err = read_file(prefix .. "/.kong_env")
	if not settings then
		return nil, "cannot read the settings: " .. err
	end
	settings.pluginservers = {}
	for i, name in ipairs(settings.pluginserver_names or {}) do
		settings.pluginservers[i], err = plugin_server(settings, name)
		if not settings.pluginservers[i] then
			return nil, err
		end
	end
	settings.enabled_headers = header_switches(settings.headers or {})
	settings.enabled_headers_upstream = as_set(settings.headers_upstream or {})
	return settings
end

return { load = load }
