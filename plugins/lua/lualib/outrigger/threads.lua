-- Light threads, ngx.thread: functions that run beside the handler, or timer, that has started them. While one
-- waits, the others go on.
--
-- The *root* is that handler or timer; it ends when its threads have ended, or with them where it fails or exits. The gateway answers one
-- call of an event after the other, so that only the root calls it: what its threads want to call (`core.on_delegate`) is
-- done by the root when it waits for threads or semaphores, or has nothing else to do.

local core = require "outrigger.core"
local clock = require "outrigger.c.time"
local loop = require "outrigger.c.loop"

local threads = {}

local ERR = 4

local records = setmetatable({}, { __mode = "k" }) -- by the coroutine that stands for the thread
local roots = {} -- by the root's runner: how many threads live, what is to be called, what the root waits on
local is_used = false -- whether there ever was a root: most plugins have none

local function find_root()
	local _, key = core.runner()
	if not key then
		error("API disabled in the current context", 4)
	end
	is_used = true
	roots[key] = roots[key] or { alive = 0, calls = {} }
	return roots[key], key
end

-- ---- calls of the gateway ----

local function pack(...)
	return { n = select("#", ...), ... }
end

local function serve(root)
	while root.calls[1] do
		local call = table.remove(root.calls, 1)
		call.results = pack(pcall(call.fn, unpack(call.args, 1, call.args.n)))
		loop.wake(call.wait)
	end
end

-- Waits as loop.wait does, and calls the gateway meanwhile for whom that is to be done. `is_over` says whether what was waited
-- for is there; `begin` and `finish` are told of each wait.
function threads.wait_until(is_over, seconds, begin)
	local runner, key = core.runner()
	local root = runner and runner == key and roots[key]
	local ends = seconds and clock.monotonic() + seconds
	while not is_over() do
		local wait = loop.new_wait()
		begin(wait)
		if root then
			root.wait = wait
			serve(root)
			if is_over() then
				break
			end
		end
		local woken = loop.wait(wait, ends and ends - clock.monotonic())
		if root then
			root.wait = nil
			serve(root)
		end
		if not woken then
			break
		end
	end
	return is_over()
end

core.on_delegate(function(fn, ...)
	local root = find_root()
	local call = { fn = fn, args = pack(...), wait = loop.new_wait() }
	root.calls[#root.calls + 1] = call
	if root.wait then
		loop.wake(root.wait)
	end
	loop.wait(call.wait)
	if not call.results[1] then
		error(call.results[2], 0)
	end
	return unpack(call.results, 2, call.results.n)
end)

-- ---- a thread ----

local function finish(record, ok, ...)
	record.is_dead, record.ok, record.results = true, ok, pack(...)
	record.root.alive = record.root.alive - 1
	if not ok then
		core.log(ERR, "lua user thread aborted: runtime error: ", tostring((...)))
	end
	for wait in pairs(record.waits) do
		loop.wake(wait)
	end
	if record.root.wait then
		loop.wake(record.root.wait)
	end
end

local function nothing() end

function threads.spawn(fn, ...)
	if type(fn) ~= "function" then
		error("bad argument #1 to 'spawn' (Lua function expected)", 2)
	end
	local root = find_root()
	local args, began = pack(...), loop.new_wait()
	local record = { root = root, parent = (core.runner()), waits = {} }
	local number, err = loop.light(function()
		finish(record, pcall(fn, unpack(args, 1, args.n)))
	end, began)
	if not number then
		error(err, 2)
	end
	record.number = number
	root.alive = root.alive + 1
	local thread = coroutine.create(nothing)
	records[thread] = record
	loop.wait(began)
	return thread
end

-- ---- what its parent can do ----

local function first_dead(list)
	for _, record in ipairs(list) do
		if record.is_dead then
			return record
		end
	end
end

local function find_records(...)
	local list = {}
	for i = 1, select("#", ...) do
		local thread = (select(i, ...))
		if type(thread) ~= "thread" then
			error(("bad argument #%d to 'wait' (lua thread expected)"):format(i), 3)
		end
		local record = records[thread]
		if not record then
			error("attempt to wait on a coroutine that is not a user thread", 3)
		elseif record.parent ~= core.runner() then
			error("only the parent coroutine can wait on the thread", 3)
		end
		list[i] = record
	end
	return list
end

-- What the first one that ends has returned, behind true; or false and its error.
function threads.wait(...)
	if select("#", ...) == 0 then
		error("at least one coroutine should be specified", 2)
	end
	local list = find_records(...)
	for _, record in ipairs(list) do
		if record.is_taken then
			return nil, "already waited or killed"
		end
	end
	threads.wait_until(function()
		return first_dead(list)
	end, nil, function(wait)
		for _, record in ipairs(list) do
			record.waits = { [wait] = true }
		end
	end)
	local record = first_dead(list)
	record.is_taken = true
	return record.ok, unpack(record.results, 1, record.results.n)
end

function threads.kill(thread)
	if type(thread) ~= "thread" then
		error("bad argument #1 to 'kill' (lua thread expected)", 2)
	end
	local record = records[thread]
	if not record then
		return nil, "not user thread"
	elseif record.parent ~= core.runner() then
		return nil, "killer not parent"
	elseif record.is_taken then
		return nil, "already waited or killed"
	elseif record.is_dead then
		record.is_taken = true
		return nil, "already terminated"
	end
	record.is_taken, record.is_dead = true, true
	record.root.alive = record.root.alive - 1
	loop.kill(record.number)
	return 1
end

-- "dead", "zombie" (nobody has waited for it) or "running" of a thread; nil for other coroutines.
function threads.status(thread)
	local record = records[thread]
	if not record then
		return nil
	elseif record.is_dead then
		return record.is_taken and "dead" or "zombie"
	end
	return "running" -- as nginx has it, where it waits too
end

-- ---- the end of the root ----

-- Waits for all threads of the handler, or timer, that runs. To be called once it has nothing more to do.
function threads.join()
	if not is_used then
		return
	end
	local runner, key = core.runner()
	local root = runner and runner == key and roots[key]
	if not root then
		return
	end
	threads.wait_until(function()
		return root.alive == 0 and not root.calls[1]
	end, nil, function() end)
	roots[key] = nil
end

-- What is left of one that did not come so far: its key comes again.
function threads.begin()
	if not is_used then
		return
	end
	local runner, key = core.runner()
	if runner and runner == key then
		roots[key] = nil
	end
end

return threads
