-- ngx.timer, ngx.sleep.

local loop = require "outrigger.c.loop"
local threads = require "outrigger.threads"

local MAX_DELAY = 1e8
local SHORTEST = 0.001 -- of what is repeated

local function check(name, count, delay, callback)
	if count < 2 then
		error("expecting at least 2 arguments but got " .. count, 3)
	elseif type(delay) ~= "number" then
		error(("bad argument #1 to '%s' (number expected, got %s)"):format(name, type(delay)), 3)
	elseif type(callback) ~= "function" then
		error(("bad argument #2 to '%s' (Lua function expected)"):format(name), 3)
	elseif not (delay <= MAX_DELAY) then
		error("delay is too long", 3)
	end
	return math.max(delay, 0) -- nginx takes what is negative, too
end

-- callback(premature, ...) once.
local function at(...)
	local delay, callback = ...
	delay = check("at", select("#", ...), delay, callback)
	local n, args = select("#", ...) - 2, { select(3, ...) }
	local ok, err = loop.task(delay, function(premature)
		threads.begin()
		callback(premature, unpack(args, 1, n))
		threads.join()
	end)
	if not ok then
		return nil, err
	end
	return 1
end

-- callback(premature, ...) again and again, whether or not the last run has ended.
local function every(...)
	local delay, callback = ...
	if delay == 0 then
		error("delay cannot be zero", 2)
	end
	delay = math.max(check("every", select("#", ...), delay, callback), SHORTEST)
	local n, args = select("#", ...) - 2, { select(3, ...) }
	local function run(premature)
		threads.begin()
		if not premature then
			loop.task(delay, run)
		end
		callback(premature, unpack(args, 1, n))
		threads.join()
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

	function ngx.sleep(...)
		if select("#", ...) ~= 1 then
			error(("attempt to pass %d arguments, but accepted 1"):format(select("#", ...)), 2)
		end
		local seconds = tonumber((...))
		if not seconds then
			error(("bad argument #1 to 'sleep' (number expected, got %s)"):format(type((...))), 2)
		elseif seconds < 0 then
			error(('invalid sleep duration "%d"'):format(seconds * 1000), 2)
		end
		loop.sleep(seconds)
	end

	ngx.worker.exiting = loop.is_leaving
end
