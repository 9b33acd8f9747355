-- What plugins ask while they are loaded, without a request.

local check = require "check"

local hostname = kong.node.get_hostname()
local settings = kong.configuration.remove_sensitive()
local can_ask, err = pcall(kong.node.get_id)

local P = { PRIORITY = 1, VERSION = "1.0.0" }

function P:access()
	local file = io.open("/proc/sys/kernel/hostname")
	check.equal(hostname, file:read("*l"), "this machine's name")
	file:close()
	check.equal(settings.role, kong.configuration.role, "the settings that are known")
	settings.role = "mine"
	check.equal(kong.configuration.role, "traditional", "they are a copy")
	check.equal(kong.configuration.enabled_headers.Via, true, "headers are those of the gateway's defaults")
	check.equal(kong.configuration.enabled_headers["X-Kong-Upstream-Status"], false, "and no others")
	check.equal(can_ask, false, "what only the gateway knows")
	check.contains(err, "can't be called outside of a request", "what only the gateway knows")
	check.finish()
end

return P
