-- ngx.process: what kind of process this is.

local M = {}

function M.type()
	return "worker"
end

function M.get_master_pid()
	return nil
end

function M.enable_privileged_agent()
	return nil, "there is no privileged agent in Outrigger"
end

function M.signal_graceful_exit()
	error("ngx.process.signal_graceful_exit is not available in Outrigger: it would end the server", 2)
end

return M
