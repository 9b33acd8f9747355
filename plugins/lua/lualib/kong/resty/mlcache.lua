-- kong.resty.mlcache: values by key that callbacks make, each at most once at a time.
--
-- What callbacks return is kept here, in the plugin's own memory, the nil of "there is none" too. While one runs,
-- others who ask for its key wait for it. The level of a hit is 1; 3 if a callback was run; 4 for a value that has
-- expired and is given since its callback failed; -1 if there is neither value nor callback.

local lrucache = require "resty.lrucache"
local loop = require "outrigger.c.loop"

local mlcache = { _VERSION = "2.6.0" }
local methods = {}
local mt = { __index = methods }

local LOCK_TIMEOUT = 5 -- seconds for which others wait
local DEFAULTS = { lru_size = 100, ttl = 30, neg_ttl = 5 }

local NONE = {} -- stands for nil

-- A cache. `shm` is only a name here. opts: lru_size, ttl, neg_ttl, resurrect_ttl, l1_serializer.
function mlcache.new(name, shm, opts)
	if type(name) ~= "string" then
		error("name must be a string", 2)
	elseif type(shm) ~= "string" then
		error("shm must be a string", 2)
	elseif opts ~= nil and type(opts) ~= "table" then
		error("opts must be a table", 2)
	end
	local self = setmetatable({ name = name, running = {} }, mt)
	for option, default in pairs(DEFAULTS) do
		self[option] = opts and opts[option] or default
	end
	self.resurrect_ttl = opts and opts.resurrect_ttl
	self.l1_serializer = opts and opts.l1_serializer
	local timeout = opts and opts.resty_lock_opts and opts.resty_lock_opts.timeout
	self.lock_timeout = timeout or LOCK_TIMEOUT
	self.lru = lrucache.new(self.lru_size)
	return self
end

local function option(self, opts, name)
	local value = opts and opts[name]
	if value == nil then
		value = self[name]
	end
	return value
end

local function check_key(key)
	if type(key) ~= "string" then
		error("key must be a string", 3)
	end
end

local function unwrap(value)
	if value == NONE then
		return nil
	end
	return value
end

-- Keeps a value; 0 seconds are for ever, fewer not at all.
local function keep(self, key, value, ttl)
	if ttl < 0 then
		return
	end
	self.lru:set(key, value == nil and NONE or value, ttl > 0 and ttl or nil)
end

-- ---- callbacks ----

local function on_error(err)
	return debug.traceback(tostring(err), 2)
end

-- What the callback returns; nil and an error if it returns one or raises.
local function call(cb, ...)
	local n, args = select("#", ...), { ... }
	local ok, value, err, ttl = xpcall(function()
		return cb(unpack(args, 1, n))
	end, on_error)
	if not ok then
		return nil, "callback threw an error: " .. tostring(value)
	elseif err ~= nil then
		return nil, tostring(err)
	end
	return value, nil, ttl
end

-- The ttl of a value, of which its callback has the last word.
local function ttl_for(self, opts, value, own)
	if type(own) == "number" then
		return own
	end
	return option(self, opts, value == nil and "neg_ttl" or "ttl")
end

local function serialize(self, opts, value)
	local serializer = option(self, opts, "l1_serializer")
	if not serializer or value == nil then
		return value
	end
	local ok, result, err = pcall(serializer, value)
	if not ok then
		return nil, "l1_serializer threw an error: " .. tostring(result)
	elseif err or result == nil then
		return nil, err or "l1_serializer returned a nil value"
	end
	return result
end

-- Runs the callback and keeps its value. Level 4 with the old value where it failed and that is wanted.
local function run(self, key, opts, cb, ...)
	local value, err, own_ttl = call(cb, ...)
	if not err then
		value, err = serialize(self, opts, value)
	end
	local ttl = ttl_for(self, opts, value, own_ttl)
	if not err then
		keep(self, key, value, ttl)
		return value, nil, 3, ttl
	end
	local resurrect_ttl = option(self, opts, "resurrect_ttl")
	local _, old = self.lru:get(key)
	if not resurrect_ttl or old == nil then
		return nil, err
	end
	ngx.log(ngx.WARN, "callback returned an error (", err, ") but stale value found, resurrecting it for ",
		resurrect_ttl, "s")
	keep(self, key, unwrap(old), resurrect_ttl)
	return unwrap(old), nil, 4, resurrect_ttl
end

-- Waits until the callback of that key has ended. nil and an error if that takes too long.
local function wait_for(self, running)
	local wait = loop.new_wait()
	running[#running + 1] = wait
	if not loop.wait(wait, self.lock_timeout) then
		return nil, "could not acquire callback lock: timeout"
	end
	return true
end

-- A callback that is abandoned in the middle (its event has ended) doesn't hold up others for longer than that.
local function is_running(self, key)
	local running = self.running[key]
	return running and ngx.now() - running.began < self.lock_timeout and running
end

local function run_alone(self, key, opts, cb, ...)
	local running = { began = ngx.now() }
	self.running[key] = running
	local value, err, level, ttl = run(self, key, opts, cb, ...)
	if self.running[key] == running then
		self.running[key] = nil
	end
	for _, wait in ipairs(running) do
		loop.wake(wait)
	end
	return value, err, level, ttl
end

-- ---- the interface ----

-- The value of a key: value, error, level. opts: ttl, neg_ttl, resurrect_ttl, l1_serializer.
-- cb(...) returns a value, or nil; an error; and a ttl of its own, below 0 for not keeping it.
function methods:get(key, opts, cb, ...)
	check_key(key)
	local value, old = self.lru:get(key)
	if value ~= nil then
		return unwrap(value), nil, 1
	elseif cb == nil then
		return nil, nil, -1
	end
	local running = is_running(self, key)
	if not running then
		local level
		value, old, level = run_alone(self, key, opts, cb, ...)
		return value, old, level
	end
	local ok, err = wait_for(self, running)
	if not ok and old ~= nil and option(self, opts, "resurrect_ttl") then
		return unwrap(old), nil, 4
	elseif not ok then
		return nil, err
	end
	return self:get(key, opts, cb, ...)
end

-- Runs the callback whatever is kept: value, error, ttl.
function methods:renew(key, opts, cb, ...)
	check_key(key)
	if type(cb) ~= "function" then
		error("callback must be a function", 2)
	end
	local value, err, _, ttl = run_alone(self, key, opts, cb, ...)
	return value, err, ttl
end

-- For how many seconds the value stays, an error, and the value; nothing if there is none. With `stale`, also a value
-- that has expired.
function methods:peek(key, stale)
	check_key(key)
	local node = self.lru.nodes[key]
	if not node then
		return nil
	end
	local left = node.expires == math.huge and 0 or node.expires - ngx.now()
	if left < 0 and not stale then
		return nil
	end
	return left, nil, unwrap(node.value), left < 0 or nil
end

function methods:set(key, opts, value)
	check_key(key)
	keep(self, key, value, ttl_for(self, opts, value))
	return true
end

function methods:delete(key)
	check_key(key)
	self.lru:delete(key)
	return true
end

function methods:purge()
	self.lru:flush_all()
	return true
end

function methods:update()
	return true
end

-- ---- many at once ----

local bulk_methods = {}

function bulk_methods:add(key, opts, cb, arg)
	local i = self.n * 4
	self[i + 1], self[i + 2], self[i + 3], self[i + 4] = key, opts, cb, arg
	self.n = self.n + 1
end

function mlcache.new_bulk()
	return setmetatable({ n = 0 }, { __index = bulk_methods })
end

-- Four fields per key: key, opts, callback, argument. Returns three per key: value, error, level; and n.
function methods:get_bulk(bulk)
	if type(bulk) ~= "table" then
		error("bulk must be a table", 2)
	elseif not bulk.n then
		error("bulk must have n field", 2)
	end
	local results = { n = bulk.n }
	for i = 0, bulk.n - 1 do
		local value, err, level = self:get(bulk[i * 4 + 1], bulk[i * 4 + 2], bulk[i * 4 + 3], bulk[i * 4 + 4])
		results[i * 3 + 1], results[i * 3 + 2], results[i * 3 + 3] = value, err, level
	end
	return results
end

-- for i, value, err, level in each_bulk_res(results)
function mlcache.each_bulk_res(results)
	local i = 0
	return function()
		i = i + 1
		if i <= results.n then
			return i, results[i * 3 - 2], results[i * 3 - 1], results[i * 3]
		end
	end
end

return mlcache
