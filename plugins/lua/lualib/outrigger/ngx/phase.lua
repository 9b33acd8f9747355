-- ngx.get_phase, as nginx names phases.

local core = require "outrigger.core"

local NAMES = { certificate = "ssl_cert", response = "access" }

return function(ngx)
	function ngx.get_phase()
		local phase = core.phase()
		return phase and (NAMES[phase] or phase) or "init_worker"
	end
end
