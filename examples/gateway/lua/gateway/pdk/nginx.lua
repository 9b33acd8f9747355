-- nginx.lua - kong.nginx (get_var, get_ctx and the like are in
-- plugin_server/exposed.lua, since only plugin servers have them).

local ffi = require "ffi"

ffi.cdef [[
unsigned long *ngx_stat_accepted;
unsigned long *ngx_stat_handled;
unsigned long *ngx_stat_requests;
unsigned long *ngx_stat_active;
unsigned long *ngx_stat_reading;
unsigned long *ngx_stat_writing;
unsigned long *ngx_stat_waiting;
]]

local C = ffi.C

return function()
	return {
		get_subsystem = function()
			return ngx.config.subsystem
		end,
		get_statistics = function()
			return {
				connections_active = tonumber(C.ngx_stat_active[0]),
				connections_reading = tonumber(C.ngx_stat_reading[0]),
				connections_writing = tonumber(C.ngx_stat_writing[0]),
				connections_waiting = tonumber(C.ngx_stat_waiting[0]),
				connections_accepted = tonumber(C.ngx_stat_accepted[0]),
				connections_handled = tonumber(C.ngx_stat_handled[0]),
				total_requests = tonumber(C.ngx_stat_requests[0]),
			}
		end,
	}
end
