-- What nginx has and an external plugin can't: each is there, and says so when it is called.

local NAMES = { "exec", "location.capture", "location.capture_multi", "on_abort", "run_worker_thread" }

local function refuse(name)
	return function()
		error(("ngx.%s is not available in Outrigger: the request is in the gateway"):format(name), 2)
	end
end

return function(ngx)
	ngx.location = {}
	for _, name in ipairs(NAMES) do
		local part, field = name:match("^(%w+)%.(.+)$")
		local t = part and ngx[part] or ngx
		t[field or name] = refuse(name)
	end
end
