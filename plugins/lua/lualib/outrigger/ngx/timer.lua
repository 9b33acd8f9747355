-- ngx.timer, ngx.sleep.

local loop = require "outrigger.c.loop"

local MAX_DELAY = 1e8

local function check(delay, callback)
	if type(delay) ~= "number" then
		error("bad argument #1 (number expected, got " .. type(delay) .. ")", 3)
	elseif not (delay >= 0 and delay <= MAX_DELAY) then
		error("delay cannot be negative", 3)
	elseif type(callback) ~= "function" then
		error("bad argument #2 (function expected, got " .. type(callback) .. ")", 3)
	end
end

-- callback(premature, ...) once.
local function at(delay, callback, ...)
	check(delay, callback)
	local n, args = select("#", ...), { ... }
	local ok, err = loop.task(delay, function(premature)
		callback(premature, unpack(args, 1, n))
	end)
	if not ok then
		return nil, err
	end
	return 1
end

-- callback(premature, ...) again and again, whether or not the last run has ended.
local function every(delay, callback, ...)
	check(delay, callback)
	if delay == 0 then
		error("delay cannot be zero", 2)
	end
	local n, args = select("#", ...), { ... }
	local function run(premature)
		if not premature then
			loop.task(delay, run)
		end
		callback(premature, unpack(args, 1, n))
	end
	local ok, err = loop.task(delay, run)
	if not ok then
		return nil, err
	end
	return 1
end

return function(ngx)
	ngx.timer = { at = at, every = every }

	function ngx.timer.pending_count()
		return (loop.counts())
	end

	function ngx.timer.running_count()
		return select(2, loop.counts())
	end

	function ngx.sleep(seconds)
		seconds = tonumber(seconds)
		if not seconds then
			error("bad argument #1 to 'sleep' (number expected)", 2)
		elseif seconds < 0 then
			error('invalid sleep duration "' .. seconds .. '"', 2)
		end
		loop.sleep(seconds)
	end

	ngx.worker.exiting = loop.is_leaving
end
