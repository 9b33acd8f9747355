-- resty.string: what lua-resty-string has of texts.

local hash = require "outrigger.c.hash"

return {
	_VERSION = "0.15",
	to_hex = hash.hex,
	atoi = function(text)
		return tonumber(text:match("^%s*([+-]?%d+)")) or 0
	end,
}
