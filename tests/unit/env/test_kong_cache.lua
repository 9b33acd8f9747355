-- kong.cache and the modules below it.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0" }

-- Time that passes when the test says so.
local function with_time(run)
	local real, now = ngx.now, 1000
	ngx.now = function()
		return now
	end
	run(function(seconds)
		now = now + seconds
	end)
	ngx.now = real
end

local calls

local function make(value, err, ttl)
	return function()
		calls = calls + 1
		return value, err, ttl
	end
end

local function get(key, opts, cb, ...)
	local value, err, level = kong.cache:get(key, opts, cb, ...)
	return ("%s %s %s"):format(tostring(value), tostring(err), tostring(level))
end

local function hits_and_misses(pass)
	calls = 0
	check.equal(get("a", nil, make("x")), "x nil 3", "a miss")
	check.equal(get("a", nil, make("y")), "x nil 1", "a hit")
	check.equal(get("none", nil, make(nil)), "nil nil 3", "a nil")
	check.equal(get("none", nil, make("y")), "nil nil 1", "a nil is kept")
	check.equal(get("false", nil, make(false)), "false nil 3", "false")
	check.equal(get("false"), "false nil 1", "false is kept")
	check.equal(get("absent"), "nil nil -1", "no callback")
	check.equal(calls, 3, "each callback once")
	pass(1e9)
	check.equal(get("a"), "x nil 1", "for ever")
	check.equal(get("args", nil, function(...)
		return table.concat({ ... }, ",")
	end, 1, 2, 3), "1,2,3 nil 3", "arguments")
	check.raises(function()
		kong.cache:get(5)
	end, "key must be a string", "a bad key")
end

local function times(pass)
	check.equal(get("t", { ttl = 10 }, make("x")), "x nil 3", "with a ttl")
	pass(9)
	check.equal(get("t"), "x nil 1", "before it")
	pass(2)
	check.equal(get("t", { ttl = 10 }, make("y")), "y nil 3", "after it")
	check.equal(get("n", { neg_ttl = 5 }, make(nil)), "nil nil 3", "a nil's ttl")
	pass(6)
	check.equal(get("n", nil, make("y")), "y nil 3", "after it")
	check.equal(get("own", { ttl = 10 }, make("x", nil, 1)), "x nil 3", "the callback's own ttl")
	pass(2)
	check.equal(get("own", nil, make("y", nil, -1)), "y nil 3", "is not kept")
	check.equal(get("own", nil, make("z")), "z nil 3", "was not kept")
end

local function errors(pass)
	check.equal(get("e", nil, make(nil, "broken")), "nil failed to get from node cache: broken nil", "an error")
	check.equal(get("e", nil, make("x")), "x nil 3", "is not kept")
	check.contains(get("raise", nil, function()
		error("oops")
	end), "failed to get from node cache: callback threw an error: ", "an exception")
	check.equal(get("stale", { ttl = 1 }, make("old")), "old nil 3", "a value")
	pass(2)
	check.equal(get("stale", { ttl = 1 }, make(nil, "broken")), "old nil 4", "a stale value")
	check.equal(get("stale", { ttl = 1 }, make("new")), "old nil 1", "for a while")
	pass(31)
	check.equal(get("stale", { ttl = 1 }, make("new")), "new nil 3", "until it can be made again")
end

local function others()
	kong.cache:get("p", { ttl = 10 }, make("x"))
	local ttl, err, value = kong.cache:probe("p")
	check.equal(("%s %s %s"):format(ttl, tostring(err), value), "10 nil x", "probe")
	check.equal(kong.cache:probe("no such"), nil, "probe of nothing")
	check.equal(kong.cache:renew("p", { ttl = 20 }, make("y")), "y", "renew")
	check.equal((kong.cache:probe("p")), 20, "renewed")
	check.equal(select(2, kong.cache:renew("q", nil, make(nil, "broken"))),
		"failed to renew key in node cache: broken", "a renewal that fails")
	kong.cache:invalidate("p")
	check.equal(get("p"), "nil nil -1", "invalidated")
	check.equal(kong.cache:safe_set("s", { 1 }), true, "safe_set")
	check.equal(kong.cache:get("s")[1], 1, "what was set")
	kong.cache:invalidate_local("s")
	check.equal(get("s"), "nil nil -1", "invalidated here")
	check.equal(get("u", { l1_serializer = function(v)
		return { v }
	end }, make("x")):match("^table"), "table", "a serializer")

	local bulk = require("kong.resty.mlcache").new_bulk()
	bulk:add("b1", nil, make("x"))
	bulk:add("b2", nil, make(nil, "broken"))
	bulk:add("b1", nil, make("y"))
	local found = {}
	for i, v, e, level in require("kong.resty.mlcache").each_bulk_res(kong.cache:get_bulk(bulk)) do
		found[i] = ("%s %s %s"):format(tostring(v), tostring(e), tostring(level))
	end
	check.equal(table.concat(found, "; "), "x nil 3; nil broken nil; x nil 1", "get_bulk")
	kong.cache:purge()
	check.equal(get("b1"), "nil nil -1", "purged")
	check.truthy(kong.core_cache:get("b1", nil, make("core")) == "core" and get("b1") == "nil nil -1",
		"two caches")
end

local function lru()
	local cache = require("resty.lrucache").new(2)
	cache:set("a", 1)
	cache:set("b", 2, nil, 7)
	check.equal(cache:get("a"), 1, "kept")
	cache:set("c", 3)
	check.equal(cache:get("b"), nil, "the one used longest ago is gone")
	check.equal(table.concat(cache:get_keys(), ","), "c,a", "keys")
	check.equal(cache:count() .. cache:capacity(), "22", "count")
	cache:set("c", 4, -1)
	local value, stale = cache:get("c")
	check.truthy(value == nil and stale == 4, "a stale value")
	check.equal(cache:delete("a"), true, "delete")
	cache:flush_all()
	check.equal(cache:count(), 0, "flushed")
	check.equal(require("resty.lrucache").new(0), nil, "too small")
end

local function events()
	check.equal(kong.cluster_events:subscribe("c", function() end), true, "subscribe")
	check.equal(kong.cluster_events:broadcast("c", "data"), true, "broadcast")
	check.equal(select(2, kong.cluster_events:broadcast("c", {})), "data must be a string", "bad data")
	check.equal(select(2, kong.worker_events.post("s")), "source and event are required", "no event")
end

function P:access()
	with_time(hits_and_misses)
	with_time(times)
	with_time(errors)
	with_time(others)
	lru()
	events()
	check.finish()
end

return P
