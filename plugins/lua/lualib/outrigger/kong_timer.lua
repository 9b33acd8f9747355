-- kong.timer: the gateway's timers, which have names.

local timers = {} -- by name

-- One that runs again and again, or once; `job.is_on` ends it.
local function start(job)
	return ngx.timer.at(job.delay, function(premature)
		if not job.is_on then
			return
		elseif job.is_repeated and not premature then
			start(job)
		else
			timers[job.name] = nil
		end
		job.callback(premature, unpack(job.args, 1, job.n))
	end)
end

local last = 0

local function new(name, delay, is_repeated, callback, ...)
	last = last + 1
	name = name or "unnamed-" .. last
	if timers[name] then
		return false, "already exists timer"
	end
	local job = { name = name, delay = delay, callback = callback, is_repeated = is_repeated,
		is_on = true, n = select("#", ...), args = { ... } }
	local ok, err = start(job)
	if not ok then
		return false, err
	end
	timers[name] = job
	return name
end

local methods = {}

function methods:at(delay, callback, ...)
	return new(nil, delay, false, callback, ...)
end

function methods:every(delay, callback, ...)
	return new(nil, delay, true, callback, ...)
end

function methods:named_at(name, delay, callback, ...)
	return new(name, delay, false, callback, ...)
end

function methods:named_every(name, delay, callback, ...)
	return new(name, delay, true, callback, ...)
end

function methods:is_managed(name)
	return timers[name] ~= nil
end

function methods:cancel(name)
	local job = timers[name]
	if not job then
		return false, "timer not found"
	end
	job.is_on, timers[name] = false, nil
	return true
end

function methods:pause(name)
	local job = timers[name]
	if not job then
		return false, "timer not found"
	elseif not job.is_on then
		return false, "already be paused"
	end
	-- What is under way belongs to the old job.
	job.is_on = false
	timers[name] = setmetatable({ is_on = false, is_paused = true }, { __index = job })
	return true
end

function methods:run(name)
	local job = timers[name]
	if not job then
		return false, "timer not found"
	elseif job.is_on then
		return false, "running"
	end
	job.is_on = true
	return start(job) and true or false
end

return function(kong)
	kong.timer = setmetatable({}, { __index = methods })
end
