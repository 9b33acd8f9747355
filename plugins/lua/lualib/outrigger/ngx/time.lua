-- ngx.now and its kin. There is no cached time: a clock costs little.

local clock = require "outrigger.c.time"

return function(ngx)
	ngx.now = clock.now
	ngx.today, ngx.localtime, ngx.utctime = clock.today, clock.local_, clock.utc
	ngx.http_time, ngx.cookie_time, ngx.parse_http_time = clock.http, clock.cookie, clock.parse_http

	function ngx.time()
		return math.floor(clock.now())
	end

	function ngx.update_time() end
end
