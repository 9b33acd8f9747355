-- init.lua - the `kong` table that plugins know, over nginx. Each namespace is a
-- file that returns a function of kong and core.

local get_request = require("resty.core.base").get_request

local NAMESPACES = { "table", "node", "ctx", "ip", "client", "client.tls", "service", "request",
	"service.request", "service.response", "response", "router", "nginx", "cluster", "vault",
	"tracing", "plugin", "telemetry", "configuration" }

local function place(kong, name, value)
	local parent, child = name:match("^(.*)%.([^.]+)$")
	if parent then
		kong[parent][child] = value
	else
		kong[name] = value
	end
end

-- core: settings, and while requests run entities.
local function new(core)
	local logs = require("gateway.pdk.log")(core)
	local kong = { version = "3.9.1", version_num = 3009001 }
	local namespaced = {}

	function kong.set_log(name)
		namespaced[name] = namespaced[name] or logs.new(name)
		ngx.ctx.KONG_LOG = namespaced[name]
	end

	-- `kong.log` is the current plugin's logger while one runs.
	setmetatable(kong, { __index = function(_, key)
		if key == "log" then
			return get_request() and ngx.ctx.KONG_LOG or logs
		end
	end })
	core.kong = kong
	for _, name in ipairs(NAMESPACES) do
		place(kong, name, require("gateway.pdk." .. name:gsub("%.", "_"))(kong, core))
	end
	return kong
end

return new
