-- Completes the environment that C has made (the global kong and its PDK functions), before any
-- code of the plugin runs.

local ngx = require "outrigger.ngx_min"

rawset(_G, "ngx", ngx)

local output = require "outrigger.output"
output.redirect()

for _, part in ipairs({ "log", "ctx", "headers", "table", "tracing", "vault", "info", "absent" }) do
	require("outrigger.kong_" .. part)(kong)
end
