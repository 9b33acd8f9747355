-- string.buffer, for Lua that lacks it: a text made of pieces.

local buffer = {}
local methods = {}
local mt = { __index = methods }

function buffer.new()
	return setmetatable({ pieces = {} }, mt)
end

local function join(self)
	local text = table.concat(self.pieces)
	self.pieces = text ~= "" and { text } or {}
	return text
end

function methods:put(...)
	for i = 1, select("#", ...) do
		self.pieces[#self.pieces + 1] = tostring((select(i, ...)))
	end
	return self
end

function methods:putf(format, ...)
	return self:put(format:format(...))
end

function methods:set(text)
	self.pieces = { tostring(text) }
	return self
end

function methods:reset()
	self.pieces = {}
	return self
end

function methods:free()
	self.pieces = {}
end

function methods:tostring()
	return join(self)
end

function methods:skip(n)
	self.pieces = { join(self):sub(n + 1) }
	return self
end

-- The first n bytes, or all; for each n that is given.
function methods:get(...)
	local texts = {}
	for i = 1, math.max(select("#", ...), 1) do
		local n, text = (select(i, ...)), join(self)
		texts[i] = n and text:sub(1, n) or text
		self:skip(#texts[i])
	end
	return unpack(texts)
end

mt.__tostring = join

function mt.__len(self)
	return #join(self)
end

function mt.__concat(a, b)
	return tostring(a) .. tostring(b)
end

return buffer
