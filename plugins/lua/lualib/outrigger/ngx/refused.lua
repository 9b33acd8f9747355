-- What nginx has and isn't here: each is there, so that a plugin that only mentions it loads, and says so when it is
-- called.

local IN_GATEWAY = "ngx.%s is not available in Outrigger: the request is in the gateway"
local NOT_YET = "ngx.%s is not available yet in Outrigger"

local NAMES = {
	exec = IN_GATEWAY, on_abort = IN_GATEWAY, ["location.capture"] = IN_GATEWAY,
	["location.capture_multi"] = IN_GATEWAY, run_worker_thread = NOT_YET,
}

local function refuse(text)
	return function()
		error(text, 2)
	end
end

return function(ngx)
	for name, text in pairs(NAMES) do
		local part, field = name:match("^(%w+)%.(.+)$")
		if part then
			ngx[part] = rawget(ngx, part) or {}
		end
		local t = part and ngx[part] or ngx
		t[field or name] = refuse(text:format(name))
	end
end
