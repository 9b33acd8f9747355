-- ngx.config, ngx.worker, ngx.process: of this process, not of the gateway's.

local core = require "outrigger.core"

return function(ngx)
	ngx.config = { subsystem = "http", debug = false, nginx_version = 1025003,
		ngx_lua_version = 10026, is_console = false }

	function ngx.config.prefix()
		return "./"
	end

	function ngx.config.nginx_configure()
		return ""
	end

	ngx.worker = { pid = core.pid }

	function ngx.worker.pids()
		return { core.pid() }
	end

	function ngx.worker.id()
		return (core.worker())
	end

	function ngx.worker.count()
		return select(2, core.worker())
	end
end
