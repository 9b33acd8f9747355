-- Completes the environment that C has made (the global kong and its PDK functions), before any
-- code of the plugin runs.

if jit then
	jit.off() -- as load.lua's run_once
end
rawset(_G, "ngx", {})

require("outrigger.guards").install()
require "outrigger.ffi_declared"

for _, part in ipairs({ "log", "serialize", "ctx", "headers", "response", "table", "tracing", "vault", "info",
	"timer", "cache", "events", "absent" }) do
	require("outrigger.kong_" .. part)(kong)
end

require "outrigger.ngx"
if jit then
	jit.on()
end
