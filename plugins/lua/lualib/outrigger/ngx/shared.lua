-- ngx.shared: dictionaries that all workers of the plugin's group have, built of C's.

local c = require "outrigger.c.shared"

local KEY_MAX = 65535
local SET, ADD, REPLACE = 0, 1, 2

-- What C has underneath the dictionary that a method was called on.
local function check(dict)
	local zone = type(dict) == "table" and rawget(dict, 1)
	if type(zone) ~= "userdata" then
		error('bad "zone" argument', 3)
	end
	return zone
end

-- The key as a text; or nil and what is wrong with it.
local function to_key(key)
	if key == nil then
		return nil, "nil key"
	end
	key = tostring(key)
	if key == "" then
		return nil, "empty key"
	elseif #key > KEY_MAX then
		return nil, "key too long"
	end
	return key
end

local methods = {}

-- ---- values ----

local STORED = { string = true, number = true, boolean = true, ["nil"] = true }

local function store(dict, key, value, mode, is_safe, exptime, flags)
	local zone = check(dict)
	if exptime and exptime < 0 then
		error('bad "exptime" argument', 3)
	end
	local text, err = to_key(key)
	if not text then
		return nil, err
	elseif not STORED[type(value)] then
		return nil, "bad value type"
	elseif value == nil and mode ~= SET then
		return false, "attempt to add or replace nil values", false
	end
	return c.store(zone, text, value, mode, is_safe, exptime or 0, flags or 0)
end

local function storing(mode, is_safe)
	return function(dict, key, value, exptime, flags)
		return store(dict, key, value, mode, is_safe, exptime, flags)
	end
end

methods.set, methods.safe_set = storing(SET, false), storing(SET, true)
methods.add, methods.safe_add = storing(ADD, false), storing(ADD, true)
methods.replace = storing(REPLACE, false)

function methods.delete(dict, key)
	return store(dict, key, nil, SET, false)
end

-- nginx returns no second value where there is none.
local function without_nil(value, more)
	if more == nil then
		return value
	end
	return value, more
end

function methods.get(dict, key)
	local zone = check(dict)
	local text, err = to_key(key)
	if not text then
		return nil, err
	end
	local value, flags = c.get(zone, text)
	return without_nil(value, flags ~= 0 and flags or nil)
end

function methods.get_stale(dict, key)
	local zone = check(dict)
	local text, err = to_key(key)
	if not text then
		return nil, err
	end
	local value, flags, is_stale = c.get_stale(zone, text)
	if is_stale == nil then
		return without_nil(value, flags)
	end
	return value, flags ~= 0 and flags or nil, is_stale
end

-- ---- counters ----

local function to_number(name, value)
	local number = tonumber(value)
	if not number then
		error(("bad %s arg: number expected, got %s"):format(name, type(value)), 3)
	end
	return number
end

local function check_ttl(init, init_ttl)
	if init_ttl < 0 then
		error('bad "init_ttl" argument', 3)
	elseif not init then
		error('must provide "init" when providing "init_ttl"', 3)
	end
end

function methods.incr(dict, key, value, init, init_ttl)
	local zone = check(dict)
	local text, key_err = to_key(key)
	if not text then
		return nil, key_err
	end
	value = tonumber(value)
	if not value then
		error("cannot convert 'nil' to 'double'", 2)
	end
	init = init and to_number("init", init)
	if init_ttl ~= nil then
		init_ttl = to_number("init_ttl", init_ttl)
		check_ttl(init, init_ttl)
	end
	local sum, err, forcible = c.incr(zone, text, value, init or nil, init_ttl or 0)
	if not sum then
		return nil, err
	elseif not init then
		return sum
	end
	return sum, nil, forcible
end

-- ---- times ----

function methods.ttl(dict, key)
	local zone = check(dict)
	local text, err = to_key(key)
	if not text then
		return nil, err
	end
	return c.ttl(zone, text)
end

function methods.expire(dict, key, exptime)
	local zone = check(dict)
	if not exptime then
		error('bad "exptime" argument', 2)
	end
	local text, err = to_key(key)
	if not text then
		return nil, err
	end
	return c.expire(zone, text, exptime)
end

-- ---- lists ----

-- These are C functions in nginx, and say how many arguments they want.
local function check_count(count, ...)
	if select("#", ...) ~= count then
		error(("expecting %d arguments, but only seen %d"):format(count, select("#", ...)), 3)
	end
	return check((...))
end

local function push(in_front, ...)
	local zone = check_count(3, ...)
	local _, key, value = ...
	local text, err = to_key(key)
	if not text then
		return nil, err
	elseif type(value) ~= "string" and type(value) ~= "number" then
		return nil, "bad value type"
	end
	return c.push(zone, text, value, in_front)
end

local function pop(in_front, ...)
	local zone = check_count(2, ...)
	local text, err = to_key((select(2, ...)))
	if not text then
		return nil, err
	end
	return c.pop(zone, text, in_front)
end

function methods.lpush(...)
	return push(true, ...)
end

function methods.rpush(...)
	return push(false, ...)
end

function methods.lpop(...)
	return pop(true, ...)
end

function methods.rpop(...)
	return pop(false, ...)
end

function methods.llen(...)
	local zone = check_count(2, ...)
	local text, err = to_key((select(2, ...)))
	if not text then
		return nil, err
	end
	return c.len(zone, text)
end

-- ---- all of it ----

function methods.flush_all(dict)
	c.flush(check(dict))
end

-- The arguments of those that are C functions in nginx.
local function check_one_or_two(...)
	local count, dict = select("#", ...), (...)
	if count ~= 1 and count ~= 2 then
		error(("expecting 1 or 2 argument(s), but saw %d"):format(count), 3)
	elseif type(dict) ~= "table" then
		error(("bad argument #1 to '?' (table expected, got %s)"):format(type(dict)), 3)
	elseif type(rawget(dict, 1)) ~= "userdata" then
		error("bad user data for the ngx_shm_zone_t pointer", 3)
	end
	return dict[1], (select(2, ...))
end

function methods.flush_expired(...)
	return c.flush_stale(check_one_or_two(...))
end

function methods.get_keys(...)
	return c.keys(check_one_or_two(...))
end

function methods.capacity(dict)
	return c.capacity(check(dict))
end

function methods.free_space(dict)
	return c.free_space(check(dict))
end

return function(ngx)
	local mt = { __index = methods }

	ngx.shared = {}
	for name, zone in pairs(c.dicts) do
		ngx.shared[name] = setmetatable({ zone }, mt)
	end
end
