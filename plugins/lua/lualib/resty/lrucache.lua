-- resty.lrucache: a bounded number of values by key; the one that was used longest ago makes room.

local lrucache = { _VERSION = "0.13" }
local methods = {}
local mt = { __index = methods }

local huge = math.huge

-- A ring of nodes with a head: head.next was used last, head.prev longest ago.
local function unlink(node)
	node.prev.next, node.next.prev = node.next, node.prev
end

local function link_first(head, node)
	node.prev, node.next = head, head.next
	head.next.prev, head.next = node, node
end

local function new_head()
	local head = {}
	head.prev, head.next = head, head
	return head
end

-- A cache for n items; nil and an error.
function lrucache.new(n)
	if type(n) ~= "number" or n < 1 then
		return nil, "size too small"
	end
	return setmetatable({ size = n, used = 0, nodes = {}, head = new_head() }, mt)
end

-- The value; or nil, the value that has expired (if it is still there), its flags.
function methods:get(key)
	local node = self.nodes[key]
	if not node then
		return nil
	end
	unlink(node)
	link_first(self.head, node)
	if node.expires <= ngx.now() then
		return nil, node.value, node.flags
	end
	return node.value, nil, node.flags
end

local function take_node(self, key)
	local node = self.nodes[key]
	if node then
		unlink(node)
	elseif self.used < self.size then
		node, self.used = {}, self.used + 1
	else
		node = self.head.prev
		unlink(node)
		self.nodes[node.key] = nil
	end
	self.nodes[key], node.key = node, key
	return node
end

-- Keeps a value, for ttl seconds if that is given.
function methods:set(key, value, ttl, flags)
	local node = take_node(self, key)
	node.value, node.flags = value, flags or 0
	node.expires = ttl and ngx.now() + ttl or huge
	link_first(self.head, node)
end

function methods:delete(key)
	local node = self.nodes[key]
	if not node then
		return false
	end
	unlink(node)
	self.nodes[key], self.used = nil, self.used - 1
	return true
end

function methods:count()
	return self.used
end

function methods:capacity()
	return self.size
end

-- The keys, the one used last first; at most max of them (0: all), into `list` if it is given.
function methods:get_keys(max, list)
	list = list or {}
	local node, n = self.head.next, 0
	max = max and max > 0 and max or huge
	while node ~= self.head and n < max do
		n = n + 1
		list[n] = node.key
		node = node.next
	end
	list[n + 1] = nil
	return list
end

function methods:flush_all()
	self.used, self.nodes, self.head = 0, {}, new_head()
end

return lrucache
