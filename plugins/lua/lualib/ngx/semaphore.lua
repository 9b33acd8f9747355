-- ngx.semaphore: counts, and handlers that wait until a count is there.

local loop = require "outrigger.c.loop"

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

-- Whoever waits longest goes on; those that have gone meanwhile are passed by.
local function wake_one(self)
	while self.first <= self.last do
		local wait = self.waits[self.first]
		self.waits[self.first] = nil
		self.first = self.first + 1
		if loop.wake(wait) then
			return true
		end
	end
end

-- Drops those at both ends who wait no longer.
local function forget(self)
	local waits = self.waits
	while self.first <= self.last and not loop.is_waiting(waits[self.first]) do
		waits[self.first] = nil
		self.first = self.first + 1
	end
	while self.first <= self.last and not loop.is_waiting(waits[self.last]) do
		waits[self.last] = nil
		self.last = self.last - 1
	end
end

function methods:post(n)
	n = n or 1
	if type(n) ~= "number" or n < 1 then
		error("no negative number", 2)
	end
	for _ = 1, n do
		if not wake_one(self) then
			self.n = self.n + 1
		end
	end
	return true
end

-- true, or nil and "timeout". Without a positive time it doesn't wait.
function methods:wait(timeout)
	if type(timeout) ~= "number" or timeout < 0 then
		error("timeout is not a number or negative", 2)
	elseif self.n > 0 then
		self.n = self.n - 1
		return true
	elseif timeout == 0 then
		return nil, "timeout"
	end
	local wait = loop.new_wait()
	self.last = self.last + 1
	self.waits[self.last] = wait
	if loop.wait(wait, timeout) then
		return true
	end
	forget(self)
	return nil, "timeout"
end

-- What is there, or minus those who wait.
function methods:count()
	local count = self.n
	for i = self.first, self.last do
		count = count - (loop.is_waiting(self.waits[i]) and 1 or 0)
	end
	return count
end

return semaphore
