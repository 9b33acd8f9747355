-- ngx.shared: dictionaries, their return values and errors. `large` has room for all that is put there.

return function(say, try)
	local d = ngx.shared.large
	d:flush_all()
	d:flush_expired()

	-- Kinds of values, flags.
	say(type(ngx.shared), type(d), ngx.shared.nonesuch)
	say(d:set("text", "value"))
	say(d:get("text"))
	say(d:set("number", 1.5))
	say(d:get("number"))
	say(d:set("true", true))
	say(d:get("true"))
	say(d:set("false", false))
	say(d:get("false"))
	say(d:set("empty", ""))
	say(d:get("empty"))
	say(d:set("binary", "a\0b"))
	say(d:get("binary"))
	say(d:set("flags", "x", 0, 32))
	say(d:get("flags"))
	say(d:set("flags", "x", 0, 0))
	say(d:get("flags"))
	say(d:set("flags", false, 0, 7))
	say(d:get("flags"))
	say(d:get("nothing"))
	say(d:get_stale("nothing"))
	say(d:get_stale("text"))
	say(d:get_stale("flags"))
	say(d:set("long", ("x"):rep(10000)))
	say(#d:get("long"))
	say(d:set(("k"):rep(65535), 1))
	say(d:get(("k"):rep(65535)))
	say(d:set(12, "number as key"))
	say(d:get("12"))
	say(d:set(true, "boolean as key"))
	say(d:get("true"))
	say(d:set("huge", 1e300), d:get("huge"))
	say(d:set("inf", 1 / 0), d:get("inf"))
	say(d:set("-0", -0.25), d:get("-0"))

	-- What is no key, no value.
	for _, name in ipairs({ "set", "safe_set", "add", "safe_add", "replace", "incr", "lpush", "rpush" }) do
		say(name)
		try(d[name], d, nil, 1)
		try(d[name], d, "", 1)
		try(d[name], d, ("k"):rep(65536), 1)
		say(pcall(d[name], d, nil, 1))
		say(pcall(d[name], d, "", 1))
		say(pcall(d[name], d, ("k"):rep(65536), 1))
	end
	for _, name in ipairs({ "get", "get_stale", "delete", "ttl", "lpop", "rpop", "llen" }) do
		say(name)
		say(pcall(d[name], d, nil))
		say(pcall(d[name], d, ""))
		say(pcall(d[name], d, ("k"):rep(65536)))
	end
	say(pcall(d.expire, d, nil, 1))
	say(pcall(d.expire, d, "", 1))
	say(d:set("table", {}))
	say(d:set("function", print))
	say(d:add("table", {}))
	say(d:replace("text", {}))

	-- What is no dictionary.
	for _, name in ipairs({ "set", "safe_set", "add", "safe_add", "replace", "incr", "get", "get_stale", "delete",
		"ttl", "expire", "flush_all", "capacity", "free_space" }) do
		try(d[name], nil, "key", 1)
		try(d[name], "text", "key", 1)
		try(d[name], {}, "key", 1)
	end

	-- add, replace, safe variants, delete.
	say(d:add("text", "another"))
	say(d:add("new", "one", 0, 3))
	say(d:get("new"))
	say(d:safe_add("new", "two"))
	say(d:safe_add("newer", "two"))
	say(d:replace("absent", 1))
	say(d:replace("new", 2))
	say(d:get("new"))
	say(d:safe_set("new", "three"))
	say(d:get("new"))
	say(d:delete("new"))
	say(d:get("new"))
	say(d:delete("new"))
	say(d:set("newer", nil))
	say(d:get("newer"))
	say(d:add("gone", nil))
	say(d:get("gone"))
	say(d:set("gone", 1))
	say(d:add("gone", nil))
	say(d:replace("gone", nil))
	say(d:get("gone"))
	say(d:replace("gone", nil))
	say(d:safe_set("gone", nil))
	say(d:set("8bytes", "12345678", 0, 9))
	say(d:set("8bytes", 5))
	say(d:get("8bytes"))

	-- incr
	say(d:incr("count", 1))
	say(d:incr("count", 1, 10))
	say(d:incr("count", 1))
	say(d:incr("count", -2.5))
	say(d:incr("count", "4"))
	say(d:incr("count", 1, 100))
	say(d:incr("text", 1))
	say(d:incr("true", 1))
	say(d:incr("text", 1, 5))
	say(d:incr("count 2", 1, "7"))
	say(d:incr("count 3", 1, 0, 0))
	say(d:ttl("count 3"))
	say(d:incr("count 4", 1, 0, 100))
	say(d:ttl("count 4") > 90, d:ttl("count 4") <= 100)
	say(d:set("flagged", 5, 0, 12), d:incr("flagged", 1))
	say(d:get("flagged"))
	try(d.incr, d, "count", 1, {})
	try(d.incr, d, "count", 1, "x")
	try(d.incr, d, "count", 1, 1, {})
	try(d.incr, d, "count", 1, 1, "x")
	try(d.incr, d, "count", 1, 1, -1)
	try(d.incr, d, "count", 1, nil, 1)
	try(d.incr, d, "count", nil)
	try(d.incr, d, "count", "x")
	try(d.incr, d, "count", {})
	say(d:get("count"))

	-- Times.
	say(d:ttl("text"))
	say(d:ttl("nothing"))
	say(d:expire("nothing", 1))
	say(d:expire("text", 100))
	say(d:ttl("text") > 90, d:ttl("text") <= 100)
	say(d:expire("text", 0))
	say(d:ttl("text"))
	try(d.expire, d, "text")
	try(d.expire, d, "text", nil)
	try(d.set, d, "text", "x", -1)
	try(d.add, d, "text", "x", -1)
	try(d.set, d, "text", "x", "x")
	say(d:set("short", "s", 0.001, 5))
	say(d:set("short list", 1), d:delete("short list"))
	say(d:rpush("short list", "a"), d:expire("short list", 0.001))
	say(d:set("short number", 8, 0.001))
	ngx.sleep(0.02)
	say(d:get("short"))
	say(d:get_stale("short"))
	say(d:get_stale("short number"))
	say(d:ttl("nothing at all"))
	say(d:ttl("short") < 0)
	say(d:replace("short", 1))
	say(d:incr("short number", 1))
	say(d:incr("short number", 1, 20))
	say(d:llen("short list"))
	say(d:lpush("short list", "b"))
	say(d:ttl("short list"))
	say(d:add("short", "again"))
	say(d:get("short"))
	say(d:ttl("short"))
	say(d:set("text", "for ever", 100))
	say(d:set("text", "for ever"))
	say(d:ttl("text"))

	-- Lists.
	say(d:lpush("list", 1))
	say(d:lpush("list", "two"))
	say(d:rpush("list", 3.5))
	say(d:rpush("list", ""))
	say(d:llen("list"))
	say(d:get("list"))
	say(d:get_stale("list"))
	say(d:incr("list", 1))
	say(d:lpop("list"))
	say(d:rpop("list"))
	say(d:rpop("list"))
	say(d:llen("list"))
	say(d:ttl("list"))
	say(d:lpop("list"))
	say(d:lpop("list"))
	say(d:llen("list"))
	say(d:get("list"))
	say(d:llen("nothing"))
	say(d:lpop("nothing"))
	say(d:rpop("nothing"))
	say(d:set("text", "value"))
	say(d:lpush("text", 1))
	say(d:rpush("text", 1))
	say(d:lpop("text"))
	say(d:rpop("text"))
	say(d:llen("text"))
	for _, value in ipairs({ true, {}, print }) do
		say(d:lpush("list", value))
		say(d:rpush("list", value))
	end
	say(d:lpush("list", nil))
	try(d.lpush, d, "list")
	try(d.rpush, d)
	try(d.lpop, d)
	try(d.rpop, d, "list", 1)
	try(d.llen, d)
	try(d.lpush)
	try(d.lpop, nil, "list")
	try(d.llen, {}, "list")
	say(d:rpush("list", ("x"):rep(3000)))
	say(d:set("list", "no list any more"))
	say(d:get("list"))
	say(d:rpush("list 2", 1), d:add("list 2", 1), d:replace("list 2", "y"), d:get("list 2"))
	say(d:rpush("list 3", 1), d:delete("list 3"), d:llen("list 3"))
	for i = 1, 100 do
		d:rpush("many", i)
	end
	local sum = 0
	for _ = 1, 100 do
		sum = sum + d:lpop("many")
	end
	say(sum, d:llen("many"))

	-- All of it.
	local function keys(...)
		local list = d:get_keys(...)
		table.sort(list)
		return list
	end
	d:flush_all()
	say(d:get("text"))
	say(d:get_stale("text"))
	say(keys())
	say(d:flush_expired(2))
	say(d:flush_expired() > 10)
	say(d:flush_expired())
	say(d:get_stale("text"))
	for i = 1, 5 do
		d:set("key " .. i, i)
	end
	d:rpush("key 6", 1)
	d:set("key 7", 1, 0.001)
	ngx.sleep(0.02)
	say(keys())
	say(#d:get_keys(3), #d:get_keys(0), #d:get_keys(100))
	say(keys(0))
	try(d.get_keys)
	try(d.get_keys, nil)
	try(d.get_keys, {})
	try(d.get_keys, d, "x")
	try(d.flush_expired)
	try(d.flush_expired, {})
	try(d.flush_expired, d, "x")
	say(d:flush_all())
	say(d:flush_all(1))
	d:flush_expired()
	for i = 1, 1100 do
		d:set("k" .. i, i)
	end
	say(#d:get_keys(), #d:get_keys(0), #d:get_keys(1050))
	d:flush_all()
	d:flush_expired()

	-- What there is room for.
	local s = ngx.shared.small
	s:flush_all()
	s:flush_expired()
	say(s:capacity(), d:capacity())
	say(s:free_space() > 30000, s:free_space() <= 65536, s:free_space() % 1)
	say(s:set("large", ("x"):rep(100000)))
	say(s:safe_set("large", ("x"):rep(100000)))
	say(s:add("large", ("x"):rep(100000)))
	say(s:safe_add("large", ("x"):rep(100000)))
	say(s:rpush("large list", ("x"):rep(100000)))
	say(s:llen("large list"))
	s:set("oldest", 1)
	local ok, err, forcible
	for i = 1, 3000 do
		ok, err, forcible = s:set("key " .. i, ("v"):rep(50))
		if forcible then
			break
		end
	end
	say(ok, err, forcible)
	say(s:get("oldest"))
	for i = 1, 3000 do
		ok, err, forcible = s:safe_set("another " .. i, ("v"):rep(50))
		if not ok then
			break
		end
	end
	say(ok, err, forcible)
	for i = 1, 3000 do
		ok, err, forcible = s:safe_add("third " .. i, ("v"):rep(50))
		if not ok then
			break
		end
	end
	say(ok, err, forcible)
	ok, err, forcible = s:incr(("k"):rep(51), 1, 1)
	say(ok, err, forcible)
	for _ = 1, 3000 do
		ok, err = ngx.shared.lists:rpush("a list", ("v"):rep(100))
		if not ok then
			break
		end
	end
	say(ok, err)
	say(ngx.shared.lists:lpush("a list", ("v"):rep(100)))
	say(ngx.shared.lists:lpush("another list", ("v"):rep(100)))
	ngx.shared.lists:delete("a list")
	s:flush_all()
	say(s:flush_expired() > 0)
	say(s:set("after", "all"), s:get("after"))
	s:flush_all()
	s:flush_expired()
end
