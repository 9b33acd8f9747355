-- rock-sample: marks each response.

local mark = require "kong.plugins.rock-sample.mark"

local RockSample = {
	PRIORITY = 800,
	VERSION = "1.0.0",
}

function RockSample:access(conf)
	kong.response.set_header("X-Rock-Sample", mark(conf.value))
end

return RockSample
