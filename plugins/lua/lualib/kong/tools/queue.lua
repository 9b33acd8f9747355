-- kong.tools.queue: entries that are handled later, in batches, again and again until that succeeds.
--
-- A queue has a name, and its entries are handled in their order by one timer, which lives as long as there are
-- any. A batch goes out when it is full, or when its first entry has waited for max_coalescing_delay, or at once
-- when the process is about to end.
--
-- A log line may be a call of the gateway, during which the queue goes on: what changes a queue is done at once, and
-- said afterwards.

local loop = require "outrigger.c.loop"

local Queue = {}
Queue.__index = Queue

local NEARLY_FULL = 0.8
local LOOK_AROUND = 1.0 -- seconds after which a wait looks whether the process is about to end
local TOO_SHORT = 0.05  -- seconds for which it is not worth to wait
local WARN_EVERY = 60
local NO_DETAILS = "no error details returned by handler"

local queues = {}

-- ---- logs ----

function Queue:log(level, format, ...)
	local text = select("#", ...) > 0 and format:format(...) or format
	kong.log[level](("[%s] queue %s: %s"):format(self.log_tag or "", self.name, text))
end

-- ---- room ----

function Queue:count()
	return self.back - self.front
end

local function size_of(entry)
	return type(entry) == "string" and #entry or 0
end

local function is_full(self)
	return self:count() >= self.max_entries or self.max_bytes and self.bytes_queued >= self.max_bytes or false
end

local function has_room_for(self, entry)
	return not is_full(self)
		and not (self.max_bytes and self.bytes_queued + size_of(entry) > self.max_bytes)
end

local function take_first(self)
	local entry = self.entries[self.front]
	self.entries[self.front] = nil
	self.front = self.front + 1
	self.bytes_queued = self.bytes_queued - size_of(entry)
	return entry
end

-- ---- handling ----

local function is_leaving()
	return ngx.worker.exiting()
end

-- Sleeps, but not on when the process is about to end.
local function sleep(seconds)
	local until_ = ngx.now() + seconds
	while ngx.now() < until_ and not is_leaving() do
		ngx.sleep(math.min(until_ - ngx.now(), LOOK_AROUND))
	end
	if is_leaving() then
		ngx.sleep(math.min(seconds, TOO_SHORT))
	end
end

-- Hands a batch to the handler until that returns true, or for max_retry_time.
local function handle(self, batch)
	local began, tries = ngx.now(), 0
	while true do
		local ok, done, err = pcall(self.handler, self.handler_conf, batch)
		if ok and done == true then
			return
		end
		err = not ok and done or err
		self:log("warn", "handler could not process entries: %s", tostring(err or NO_DETAILS))
		if not err then
			self:log("err", "handler returned falsy value but no error information")
		end
		if ngx.now() - began > self.max_retry_time then
			self:log("err", "could not send entries due to max_retry_time exceeded. %d queue entries were lost",
				#batch)
			return
		end
		sleep(math.min(self.max_retry_delay, 2 ^ tries * self.initial_retry_delay))
		tries = tries + 1
	end
end

-- Waits until the batch that began then is full, or it is time to go.
local function wait_for_more(self, began)
	while self:count() < self.max_batch_size and not is_leaving() do
		local left = self.max_coalescing_delay - (ngx.now() - began)
		if left < TOO_SHORT then
			return
		end
		self.wait = loop.new_wait()
		loop.wait(self.wait, math.min(left, LOOK_AROUND))
		self.wait = nil
	end
end

local function handle_next_batch(self)
	wait_for_more(self, ngx.now())
	local batch = {}
	for i = 1, math.min(self:count(), self.max_batch_size) do
		batch[i] = take_first(self)
	end
	if self.has_dropped then
		self.has_dropped = nil
		self:log("info", "queue resumed processing")
	end
	handle(self, batch)
end

local function run(_, self)
	while self:count() > 0 do
		handle_next_batch(self)
	end
	queues[self.key] = nil
end

-- ---- entries ----

local function find_or_make(conf, handler, handler_conf)
	local key = (kong.default_workspace or "") .. "." .. conf.name
	local queue = queues[key]
	if queue then
		queue.handler_conf = handler_conf
		return queue
	end
	queue = { key = key, handler = handler, handler_conf = handler_conf,
		bytes_queued = 0, entries = {}, front = 1, back = 1 }
	for option, value in pairs(conf) do
		queue[option] = value
	end
	setmetatable(queue, Queue)
	if queue.concurrency_limit == 1 then
		local ok, err = kong.timer:named_at("queue " .. key, 0, run, queue)
		if not ok then
			return nil, "failed to create timer: " .. tostring(err)
		end
		queues[key] = queue
	end
	return queue
end

-- Without a limit of concurrency there is nothing to wait for.
local function handle_alone(self, entry)
	local ok, err = kong.timer:at(0, function()
		handle(self, { entry })
	end)
	if not ok then
		return nil, "failed to create timer: " .. tostring(err)
	end
	return true
end

-- Each of these does its part and returns what is to be said of it, or false.

local function note_fill(self)
	local is_nearly_full = self:count() >= self.max_entries * NEARLY_FULL
	local is_news = is_nearly_full and not self.has_warned
	self.has_warned = is_nearly_full
	return is_news and ("queue at %s%% capacity"):format(NEARLY_FULL * 100)
end

local function make_room(self)
	if self:count() < self.max_entries then
		return false
	end
	take_first(self)
	self.has_dropped = true
	return "queue full, dropping old entries until processing is successful again"
end

local function make_room_for_bytes(self, entry)
	local dropped = 0
	while self:count() > 0 and not has_room_for(self, entry) do
		take_first(self)
		dropped = dropped + 1
	end
	self.has_dropped = self.has_dropped or dropped > 0 or nil
	return dropped > 0 and ("byte capacity exceeded, %d queue entries were dropped"):format(dropped)
end

local function append(self, entry)
	self.bytes_queued = self.bytes_queued + size_of(entry)
	self.entries[self.back] = entry
	self.back = self.back + 1
	if self.wait then
		loop.wake(self.wait)
	end
	return self.max_bytes and type(entry) ~= "string" and "queuing non-string entry to a queue that has "
		.. "queue.max_bytes set, capacity monitoring will not be correct"
end

local function say(self, level, text)
	if text then
		self:log(level, text)
	end
end

local function add(self, entry)
	if self.concurrency_limit == -1 then
		return handle_alone(self, entry)
	elseif self.max_bytes and size_of(entry) > self.max_bytes then
		local err = ("string to be queued is longer (%d bytes) than the queue's max_bytes (%d bytes)"):format(
			#entry, self.max_bytes)
		self:log("err", err)
		return nil, err
	end
	local nearly_full = note_fill(self)
	local full = make_room(self)
	local too_many_bytes = make_room_for_bytes(self, entry)
	local no_text = append(self, entry)
	say(self, "warn", nearly_full)
	say(self, "err", full)
	say(self, "err", too_many_bytes)
	say(self, "err", no_text)
	return true
end

local NUMBERS = { "max_batch_size", "max_coalescing_delay", "max_entries", "max_retry_time",
	"initial_retry_delay", "max_retry_delay", "concurrency_limit" }

local function check_arguments(conf, handler, handler_conf)
	assert(type(conf) == "table", "arg #1 (queue_conf) must be a table")
	assert(type(handler) == "function", "arg #2 (handler) must be a function")
	assert(handler_conf == nil or type(handler_conf) == "table",
		"arg #3 (handler_conf) must be a table or nil")
	assert(type(conf.name) == "string", "arg #1 (queue_conf) must include a name")
	for _, name in ipairs(NUMBERS) do
		assert(type(conf[name]) == "number", ("arg #1 (queue_conf) %s must be a number"):format(name))
	end
	assert(conf.max_bytes == nil or type(conf.max_bytes) == "number",
		"arg #1 (queue_conf) max_bytes must be a number or nil")
end

-- Adds an entry to the queue of that name, which is made by its first one: true, or nil and an error. Later,
-- handler(handler_conf, entries) is called; it returns true, or false and an error.
function Queue.enqueue(conf, handler, handler_conf, entry)
	check_arguments(conf, handler, handler_conf)
	if entry == nil then
		return nil, "entry must be a non-nil Lua value"
	end
	local queue, err = find_or_make(conf, handler, handler_conf)
	if not queue then
		return nil, err
	end
	return add(queue, entry)
end

local function find(name)
	return queues[(kong.default_workspace or "") .. "." .. name]
end

-- Whether there is such a queue: there is none without entries.
function Queue.exists(name)
	return find(name) ~= nil
end

function Queue._exists(name)
	local queue = find(name)
	return queue and queue:count() > 0
end

function Queue.is_full(conf)
	local queue = find(conf.name)
	return queue ~= nil and is_full(queue)
end

function Queue.can_enqueue(conf, entry)
	local queue = find(conf.name)
	return queue == nil or has_room_for(queue, entry)
end

-- ---- parameters of plugins ----

local warned = {}

local function warn(name, text)
	local key = name .. "/" .. text
	if ngx.now() - (warned[key] or 0) >= WARN_EVERY then
		warned[key] = ngx.now()
		kong.log.warn(text)
	end
end

-- Fields that plugins had before they had `queue`: their defaults, and what they are now.
local OLD = {
	{ "retry_count", 10 },
	{ "queue_size", 1, "max_batch_size" },
	{ "flush_timeout", 2, "max_coalescing_delay" },
	{ "batch_span_count", 200, "max_batch_size" },
	{ "batch_flush_delay", 3, "max_coalescing_delay" },
}

local function take_old(config, params)
	for _, row in ipairs(OLD) do
		local name, default, new = row[1], row[2], row[3]
		local value = config[name]
		if value ~= nil and value ~= ngx.null and value ~= default then
			if new then
				params[new] = value
				warn(params.name, ("the %s parameter is deprecated, please update your configuration to use "
					.. "queue.%s instead"):format(name, new))
			else
				warn(params.name, ("the %s parameter no longer works, please update your configuration to use "
					.. "initial_retry_delay and max_retry_time instead"):format(name))
			end
		end
	end
end

-- The parameters for Queue.enqueue that a plugin's conf has, completed.
function Queue.get_plugin_params(plugin_name, config, queue_name)
	local id = kong.plugin.get_id()
	local params = config.queue or {}
	params.log_tag = ("%s plugin %s"):format(plugin_name, tostring(id))
	if config.plugin_instance_name then
		params.log_tag = ("%s (%s)"):format(params.log_tag, config.plugin_instance_name)
	end
	params.name = params.name or queue_name or id
	take_old(config, params)
	return params
end

return Queue
