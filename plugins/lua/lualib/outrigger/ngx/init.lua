-- The global ngx: lua-nginx-module's API as far as plugins and the lua-resty libraries use it, a file a
-- namespace. To add one, write outrigger/ngx/NAME.lua, which returns a function that completes the
-- table, and name it below.

local core = require "outrigger.core"

local ngx = ngx

ngx.null = core.null

for name, value in pairs(require "outrigger.ngx.constants") do
	ngx[name] = value
end

for _, part in ipairs({ "log", "config", "shared", "time", "thread", "timer", "uri", "hash", "re", "phase", "magic", "ctx", "var",
	"req", "resp", "output", "socket", "refused" }) do
	require("outrigger.ngx." .. part)(ngx)
end

ngx.magic = nil

return ngx
