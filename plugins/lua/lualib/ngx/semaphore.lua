-- ngx.semaphore: counts, and handlers that wait until a count is there.

local loop = require "outrigger.c.loop"
local threads = require "outrigger.threads"

local MOST = 2 ^ 31 - 1 -- libraries post math.huge to let all go on

local semaphore = {}
local methods = {}
local mt = { __index = methods }

local function new(n)
	n = tonumber(n) or 0
	if n < 0 then
		error("no negative number", 2)
	end
	return setmetatable({ n = n, first = 1, last = 0, waits = {} }, mt)
end

function semaphore.new(n)
	return new(n)
end

-- Whether somebody waits there.
local function is_taken(place)
	return loop.is_waiting(place.wait)
end

-- Whoever waits longest goes on; those that have gone meanwhile are passed by.
local function wake_one(self)
	while self.first <= self.last do
		local place = self.waits[self.first]
		self.waits[self.first] = nil
		self.first = self.first + 1
		place.is_queued = false
		if is_taken(place) then
			place.has = true
			loop.wake(place.wait)
			return true
		end
	end
end

-- Drops those at both ends who wait no longer.
local function forget(self)
	local waits = self.waits
	while self.first <= self.last and not is_taken(waits[self.first]) do
		waits[self.first] = nil
		self.first = self.first + 1
	end
	while self.first <= self.last and not is_taken(waits[self.last]) do
		waits[self.last] = nil
		self.last = self.last - 1
	end
end

function methods:post(n)
	n = n or 1
	if type(n) ~= "number" or n < 1 then
		error("positive number required", 2)
	end
	n = math.min(math.floor(n), MOST)
	while n > 0 and wake_one(self) do
		n = n - 1
	end
	self.n = math.min(self.n + n, MOST)
	return true
end

-- true, or nil and "timeout". Without a positive time it doesn't wait.
function methods:wait(timeout)
	timeout = tonumber(timeout)
	if not timeout then
		error("attempt to perform arithmetic on a nil value", 2)
	elseif timeout < 0 then
		error("no negative number", 2)
	elseif self.n > 0 then
		self.n = self.n - 1
		return true
	elseif timeout == 0 then
		return nil, "timeout"
	end
	local place = {}
	local has = threads.wait_until(function()
		if not place.has and self.n > 0 then
			self.n, place.has = self.n - 1, true
		end
		return place.has
	end, timeout, function(wait)
		place.wait = wait
		if not place.is_queued then
			self.last, place.is_queued = self.last + 1, true
			self.waits[self.last] = place
		end
	end)
	if has then
		return true, nil
	end
	forget(self)
	return false, "timeout" -- as nginx has it, once there was a wait
end

-- What is there, or minus those who wait.
function methods:count()
	local count = self.n
	for i = self.first, self.last do
		count = count - (is_taken(self.waits[i]) and 1 or 0)
	end
	return count
end

return semaphore
