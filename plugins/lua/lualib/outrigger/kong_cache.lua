-- kong.cache, kong.core_cache: this plugin's own, in its memory.

local CHANNEL = "invalidations"
local SIZE = 100000 -- values

local function check(value, kind, name)
	if type(value) ~= kind then
		error(("%s must be a %s"):format(name, kind), 3)
	end
end

local methods = {}

function methods:get(key, opts, cb, ...)
	check(key, "string", "key")
	local value, err, level = self.mlcache:get(key, opts, cb, ...)
	if err then
		return nil, "failed to get from node cache: " .. err
	end
	return value, nil, level
end

function methods:renew(key, opts, cb, ...)
	check(key, "string", "key")
	local value, err, ttl = self.mlcache:renew(key, opts, cb, ...)
	if err then
		return nil, "failed to renew key in node cache: " .. err
	end
	return value, nil, ttl
end

function methods:get_bulk(bulk, opts)
	check(bulk, "table", "bulk")
	check(opts or {}, "table", "opts")
	return self.mlcache:get_bulk(bulk)
end

function methods:probe(key)
	check(key, "string", "key")
	return self.mlcache:peek(key)
end

function methods:safe_set(key, value)
	check(key, "string", "key")
	return self.mlcache:set(key, nil, value)
end

function methods:invalidate_local(key)
	check(key, "string", "key")
	self.mlcache:delete(key)
end

function methods:invalidate(key)
	check(key, "string", "key")
	self:invalidate_local(key)
	kong.cluster_events:broadcast(CHANNEL, key)
end

function methods:purge()
	self.mlcache:purge()
end

local function new(name)
	local mlcache = require("kong.resty.mlcache").new(name, name, { lru_size = SIZE,
		ttl = kong.configuration.db_cache_ttl,
		neg_ttl = kong.configuration.db_cache_neg_ttl or kong.configuration.db_cache_ttl,
		resurrect_ttl = kong.configuration.db_resurrect_ttl })
	return setmetatable({ mlcache = mlcache }, { __index = methods })
end

return function(kong)
	-- Most plugins need none: they are made when they are first looked at.
	local caches = {}
	for kind, name in pairs({ cache = "kong_db_cache", core_cache = "kong_core_db_cache" }) do
		kong[kind] = setmetatable({}, { __index = function(_, key)
			caches[kind] = caches[kind] or new(name)
			return caches[kind][key] and function(_, ...)
				return caches[kind][key](caches[kind], ...)
			end
		end })
	end
end
