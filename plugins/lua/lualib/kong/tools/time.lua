-- kong.tools.time: clocks. Nothing is cached here, so the "updated" ones are the same.

local clock = require "outrigger.c.time"

local time = {}

local function now_ms()
	return clock.now() * 1000
end

time.get_updated_now = clock.now
time.get_now_ms, time.get_updated_now_ms = now_ms, now_ms

-- Nanoseconds, as exactly as the clock here is (a millisecond).
function time.time_ns()
	return clock.now() * 1e9
end

function time.get_start_time_ms()
	return ngx.req.start_time() * 1000
end

function time.get_updated_monotonic_ms()
	return math.floor(clock.monotonic() * 1000)
end

local UNITS = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400, w = 604800, M = 2592000, y = 31536000 }

-- "1h 30m" in seconds.
function time.nginx_conf_time_to_seconds(text)
	local total, rest = 0, text
	while rest ~= "" do
		local number, unit, more = rest:match("^%s*(%d+)(%a*)(.*)$")
		local factor = UNITS[unit == "" and "s" or unit]
		if not factor then
			error("bad argument #1 'str'", 2)
		end
		total, rest = total + tonumber(number) * factor, more:gsub("^%s+", "")
	end
	return math.floor(total)
end

return time
