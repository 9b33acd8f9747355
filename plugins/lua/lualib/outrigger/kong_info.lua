-- kong.version, kong.configuration: what is known of the gateway here.

local core = require "outrigger.core"

local REQUEST_ID = "X-Kong-Request-Id"

-- The gateway's own settings don't reach an external plugin. These are the answers that fit:
-- there is no gateway database here, and no control plane. Headers are those of its defaults.
local SETTINGS = {
	role = "traditional", database = "off", plugins = {},
	headers = { "server_tokens", "latency_tokens" }, headers_upstream = {},
	enabled_headers = {
		server_tokens = true, latency_tokens = true, Via = true, Server = true,
		["X-Kong-Proxy-Latency"] = true, ["X-Kong-Response-Latency"] = true,
		["X-Kong-Admin-Latency"] = true, ["X-Kong-Upstream-Latency"] = true,
		["X-Kong-Upstream-Status"] = false, ["X-Kong-Request-Id"] = false,
	},
	enabled_headers_upstream = { ["X-Kong-Request-Id"] = false },
	untrusted_lua = "sandbox", untrusted_lua_sandbox_requires = {}, untrusted_lua_sandbox_environment = {},
	db_cache_ttl = 0, db_resurrect_ttl = 30, db_update_frequency = 5, trusted_ips = {},
	proxy_listeners = {}, stream_listeners = {}, admin_listeners = {}, status_listeners = {},
	loaded_plugins = {}, -- load.lua
}

-- What some plugins ask while they are loaded, when there is no request to ask the gateway by: the rest of the time
-- the gateway is asked.
local function answer_outside(functions, name, answer)
	local ask = functions[name]
	functions[name] = function(...)
		if core.event() then
			return ask(...)
		end
		return answer()
	end
end

return function(kong)
	local major, minor = math.floor(core.kong_version / 100), core.kong_version % 100
	kong.version = ("%d.%d.0"):format(major, minor)
	kong.version_num = major * 10000 + minor * 100
	if core.kong_version >= 305 then
		SETTINGS.headers[3], SETTINGS.headers_upstream[1] = REQUEST_ID, REQUEST_ID
		SETTINGS.enabled_headers[REQUEST_ID], SETTINGS.enabled_headers_upstream[REQUEST_ID] = true, true
	end

	local functions = kong.configuration
	answer_outside(functions, "remove_sensitive", function()
		return require("kong.tools.table").cycle_aware_deep_copy(SETTINGS)
	end)
	answer_outside(kong.node, "get_hostname", function()
		return core.hostname
	end)
	kong.configuration = setmetatable({}, {
		__index = function(_, name)
			local value = functions[name]
			if value == nil then
				value = SETTINGS[name]
			end
			return value
		end,
		__newindex = function()
			error("cannot write to configuration", 2)
		end,
	})
end
