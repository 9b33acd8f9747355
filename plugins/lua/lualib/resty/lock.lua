-- resty.lock: locks by name in a shared dictionary, waited for.

local lock = { _VERSION = "0.09" }
local mt = { __index = lock }

local DEFAULTS = { exptime = 30, timeout = 5, step = 0.001, ratio = 2, max_step = 0.5 }

-- An object that holds one lock at a time; nil and an error.
function lock.new(_, dict_name, opts)
	local dict = ngx.shared[dict_name]
	if not dict then
		return nil, "dictionary not found"
	end
	opts = opts or {}
	local self = { dict = dict }
	for name, initial in pairs(DEFAULTS) do
		self[name] = opts[name] or initial
	end
	return setmetatable(self, mt)
end

-- Waits ever longer, `timeout` seconds at most in all. Seconds that it took; nil and an error.
local function wait(self, key)
	local step, elapsed = self.step, 0
	local left = self.timeout
	while left > 0 do
		step = math.min(step, left)
		ngx.sleep(step)
		elapsed, left = elapsed + step, left - step
		local ok, err = self.dict:add(key, true, self.exptime)
		if ok then
			return elapsed
		elseif err ~= "exists" then
			return nil, err
		end
		step = math.min(math.max(step, self.step) * self.ratio, self.max_step)
	end
	return nil, "timeout"
end

-- Seconds that it took; nil and "locked" (by this object), "timeout" or another error.
function lock:lock(key)
	if not key then
		return nil, "nil key"
	elseif self.key then
		return nil, "locked"
	end
	local elapsed = 0
	local ok, err = self.dict:add(key, true, self.exptime)
	if not ok and err ~= "exists" then
		return nil, err
	elseif not ok then
		elapsed, err = wait(self, key)
		if not elapsed then
			return nil, err
		end
	end
	self.key = key
	return elapsed
end

-- 1; nil and an error.
function lock:unlock()
	local key = self.key
	if not key then
		return nil, "unlocked"
	end
	self.key = nil
	local ok, err = self.dict:delete(key)
	if not ok then
		return nil, err
	end
	return 1
end

-- It lasts for that many seconds from now on; without, for as long as at first.
function lock:expire(seconds)
	if not self.key then
		return nil, "unlocked"
	end
	return self.dict:replace(self.key, true, seconds or self.exptime)
end

return lock
