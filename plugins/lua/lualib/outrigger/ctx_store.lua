-- Tables by token, bounded in number and age.
--
-- Two generations: what is used moves to the young one; when that is full or old it becomes the
-- old one, and the old one goes. So an entry lives for at least MAX_AGE seconds unless there are
-- many.

local core = require "outrigger.core"
local now = require("outrigger.c.time").now

local store = {}

local MAX_AGE = 1800
local MAX_YOUNG = 32768

local young, old, count, born, last = {}, {}, 0, now(), 0

-- Unique over restarts and among processes.
local PREFIX = ("%x.%x."):format(core.pid(), now() * 1000)

local function turn()
	if count >= MAX_YOUNG or now() - born > MAX_AGE then
		old, young, count, born = young, {}, 0, now()
	end
end

local function put(token, t)
	turn()
	young[token] = t
	count = count + 1
end

-- Keeps the table and returns its new token.
function store.add(t)
	last = last + 1
	local token = PREFIX .. last
	put(token, t)
	return token
end

function store.get(token)
	local t = young[token]
	if not t and old[token] then
		t, old[token] = old[token], nil
		put(token, t)
	end
	return t
end

function store.remove(token)
	if young[token] then
		young[token], count = nil, count - 1
	end
	old[token] = nil
end

return store
