-- resty.core.time: a clock that nobody sets.

local clock = require "outrigger.c.time"

return {
	version = "0.1.28",
	monotonic_time = clock.monotonic,
	monotonic_msec = function()
		return math.floor(clock.monotonic() * 1000)
	end,
}
