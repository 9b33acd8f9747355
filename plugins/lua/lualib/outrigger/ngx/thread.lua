-- ngx.thread, and coroutine.status, which knows of its threads.

local threads = require "outrigger.threads"

return function(ngx)
	ngx.thread = { spawn = threads.spawn, wait = threads.wait, kill = threads.kill }

	local status = coroutine.status
	function coroutine.status(co)
		return threads.status(co) or status(co)
	end
end
