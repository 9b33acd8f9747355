-- ngx.thread, ngx.semaphore, coroutine, ngx.sleep.

return function(say, try)
	local spawn, wait, kill = ngx.thread.spawn, ngx.thread.wait, ngx.thread.kill

	-- Results, and the order in which things run.
	local order = {}
	local function note(what)
		order[#order + 1] = what
	end
	local t = spawn(function(a, b)
		note("begins " .. a .. tostring(b))
		ngx.sleep(0.01)
		note("goes on")
		return "r1", nil, "r3"
	end, "x", nil)
	note("spawned")
	say(type(t), coroutine.status(t))
	say(wait(t))
	say(coroutine.status(t))
	say(table.concat(order, ", "))
	say(wait(spawn(function() return end)))
	say(wait(spawn(function(...) return select("#", ...) end, nil, nil)))
	say(coroutine.status(spawn(function() end)))

	-- Errors.
	local ok, err = wait(spawn(function() error("oh", 0) end))
	say(ok, err)
	ok, err = wait(spawn(function() error({ code = 5 }) end))
	say(ok, type(err), err.code)
	ok, err = wait(spawn(function() ngx.sleep(0.001) error("later", 0) end))
	say(ok, err)

	-- The first of several.
	local slow = spawn(function() ngx.sleep(0.5) return "slow" end)
	local fast = spawn(function() ngx.sleep(0.001) return "fast" end)
	say(wait(slow, fast))
	say(wait(fast))
	say(kill(slow))
	say(coroutine.status(slow))
	say(kill(slow))
	say(wait(slow))
	local done = spawn(function() return 1 end)
	say(kill(done))
	say(wait(done))
	say(kill(done))
	say(kill(coroutine.create(function() end)))

	-- Arguments.
	try(spawn)
	try(spawn, 5)
	try(wait)
	try(wait, 5)
	try(wait, coroutine.create(function() end))
	try(kill)
	try(kill, 5)

	-- Threads of threads; who may wait.
	say(wait(spawn(function()
		local inner = spawn(function() ngx.sleep(0.001) return "inner" end)
		return wait(inner)
	end)))
	local other = spawn(function() ngx.sleep(0.01) return "other" end)
	say(wait(spawn(function()
		return pcall(wait, other)
	end)))
	say(wait(spawn(function()
		return kill(other)
	end)))
	say(wait(other))

	-- Many at once.
	local list, sum = {}, 0
	for i = 1, 50 do
		list[i] = spawn(function() ngx.sleep(0.001 * (i % 5)) return i end)
	end
	for i = 1, 50 do
		local _, n = wait(list[i])
		sum = sum + n
	end
	say(sum)

	-- Coroutines within, and around.
	say(wait(spawn(function()
		local gen = coroutine.wrap(function()
			for i = 1, 3 do
				ngx.sleep(0.001)
				coroutine.yield(i)
			end
		end)
		return gen() + gen() + gen()
	end)))
	local co = coroutine.create(function(a)
		ngx.sleep(0.001)
		local b = coroutine.yield(a + 1)
		return b * 2
	end)
	say(coroutine.status(co))
	say(coroutine.resume(co, 1))
	say(coroutine.status(co))
	say(coroutine.resume(co, 21))
	say(coroutine.status(co))
	say(coroutine.resume(co))
	local broken = coroutine.create(function() error("broken", 0) end)
	say(coroutine.resume(broken))
	say(coroutine.status(broken))
	say(type(coroutine.running()))
	try(coroutine.resume, 5)

	-- Semaphores.
	local semaphore = require "ngx.semaphore"
	local s = semaphore.new()
	say(s:count())
	say(s:wait(0))
	say(s:wait(0.001))
	say(s:post(2))
	say(s:count())
	say(s:wait(1), s:wait(1), s:wait(0))
	local waiting = {}
	for i = 1, 3 do
		waiting[i] = spawn(function() return s:wait(10), i end)
	end
	say(s:count())
	say(s:post())
	say(wait(unpack(waiting)))
	say(s:count())
	s:post(2)
	say(wait(waiting[2]))
	say(wait(waiting[3]))
	say(s:count())
	local posting = spawn(function() ngx.sleep(0.002) s:post() return "posted" end)
	say(s:wait(10))
	say(wait(posting))
	say(semaphore.new(3):count())
	try(semaphore.new, -1)
	try(s.post, s, 0)
	try(s.post, s, -1)
	try(s.wait, s, -1)
	try(s.wait, s, "x")
	try(s.wait, s)

	-- ngx.sleep
	say(ngx.sleep(0))
	say(ngx.sleep("0.001"))
	try(ngx.sleep)
	try(ngx.sleep, -1)
	try(ngx.sleep, {})
	try(ngx.sleep, "x")

	-- Timers.
	local function later() end
	local fired = semaphore.new()
	local seen
	say(ngx.timer.at(0, function(premature, ...)
		seen = { premature, select("#", ...), ... }
		local inner = spawn(function() ngx.sleep(0.001) return "in timer" end)
		seen[#seen + 1] = select(2, wait(inner))
		fired:post()
	end, "a", "b"))
	say(fired:wait(10))
	say(seen)
	try(ngx.timer.at, -1, later)
	try(ngx.timer.at, 0, 5)
	try(ngx.timer.at, "x", later)
	try(ngx.timer.at, 0)
	try(ngx.timer.every, 0, later)
	try(ngx.timer.every, 1)
	say(type(ngx.timer.running_count()), type(ngx.timer.pending_count()))
end
