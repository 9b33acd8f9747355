-- resty.random: bytes of the operating system's, which are always strong.

local rand = require "kong.tools.rand"

return {
	_VERSION = "0.15",
	bytes = function(count)
		return (rand.get_rand_bytes(count))
	end,
}
