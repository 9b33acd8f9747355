-- What resty.md5, resty.sha1 and their kin are: a digest of a text that comes in pieces.

local hash = require "outrigger.c.hash"

return function(name)
	local methods = {}
	local mt = { __index = methods }

	function methods.new()
		return setmetatable({ pieces = {} }, mt)
	end

	-- With a length, of so many bytes of it.
	function methods:update(text, length)
		self.pieces[#self.pieces + 1] = length and text:sub(1, length) or text
		return true
	end

	function methods:final()
		return hash.digest(name, table.concat(self.pieces))
	end

	function methods:reset()
		self.pieces = {}
		return true
	end

	methods._VERSION = "0.15"
	return methods
end
