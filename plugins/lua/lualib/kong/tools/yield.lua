-- kong.tools.yield: lets others run during long work.

local loop = require "outrigger.c.loop"

local yield = {}

local PHASES = { rewrite = true, access = true, content = true, timer = true, ssl_cert = true, preread = true,
	log = true, header_filter = true, body_filter = true }

local EVERY = 1000
local left = EVERY

-- Whether what runs now may wait.
function yield.in_yieldable_phase(phase)
	return PHASES[phase or ngx.get_phase()]
end

-- In a loop, only each thousandth call does it.
function yield.yield(in_loop, phase)
	if not yield.in_yieldable_phase(phase) then
		return
	elseif in_loop then
		left = left - 1
		if left > 0 then
			return
		end
		left = EVERY
	end
	loop.sleep(0)
end

return yield
