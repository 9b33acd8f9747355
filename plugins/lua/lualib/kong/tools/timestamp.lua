-- kong.tools.timestamp: times of UTC in milliseconds, and where their second, minute, ... begin.

local timestamp = {}

local FIELDS = { "second", "minute", "hour", "day", "month", "year" }

function timestamp.get_utc()
	return ngx.time() * 1000
end

function timestamp.get_utc_ms()
	return ngx.now() * 1000
end

local AS_SECONDS = 568971820800 -- the year 20000: what is larger is taken for milliseconds

local methods = {}

-- Days since 1970 of a day of the calendar; months may be beyond 12.
local function days_of(year, month, day)
	year, month = year + math.floor((month - 1) / 12), (month - 1) % 12 + 1
	if month <= 2 then
		year, month = year - 1, month + 12
	end
	return 365 * year + math.floor(year / 4) - math.floor(year / 100) + math.floor(year / 400)
		+ math.floor((153 * (month - 3) + 2) / 5) + day - 719469
end

function methods:timestamp()
	return days_of(self.year, self.month, self.day) * 86400 + self.hour * 3600 + self.min * 60 + self.sec
end

-- The parts of a time (now, if it is left out).
function timestamp.get_timetable(now)
	local seconds = now or timestamp.get_utc()
	if seconds > AS_SECONDS then
		seconds = seconds / 1000
	end
	local whole = math.floor(seconds)
	local parts = os.date("!*t", whole)
	parts.isdst = nil
	parts.sec = parts.sec + (seconds - whole)
	return setmetatable(parts, { __index = methods })
end

-- { second =, minute =, ... year = }: when the current ones began.
function timestamp.get_timestamps(now)
	local parts, stamps = timestamp.get_timetable(now), {}
	parts.sec = math.floor(parts.sec)
	stamps.second = parts:timestamp() * 1000
	for i, reset in ipairs({ { "sec", 0 }, { "min", 0 }, { "hour", 0 }, { "day", 1 }, { "month", 1 } }) do
		parts[reset[1]] = reset[2]
		stamps[FIELDS[i + 1]] = parts:timestamp() * 1000
	end
	return stamps
end

timestamp.timestamp_table_fields = setmetatable({}, { __index = FIELDS, __newindex = function()
	error("the table is read-only", 2)
end, __len = function()
	return #FIELDS
end })

return timestamp
