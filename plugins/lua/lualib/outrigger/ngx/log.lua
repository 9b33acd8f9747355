-- ngx.log, print.

local core = require "outrigger.core"

return function(ngx)
	function ngx.log(level, ...)
		if type(level) ~= "number" then
			error("bad argument #1 to 'log' (number expected, got " .. type(level) .. ")", 2)
		elseif level < ngx.STDERR or level > ngx.DEBUG then
			error("bad log level", 2)
		end
		core.log(math.max(level, ngx.EMERG), ...)
	end
end
