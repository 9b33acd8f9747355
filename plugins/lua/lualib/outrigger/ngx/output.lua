-- ngx.say, ngx.print, ngx.exit, ngx.redirect: a response made here. It is sent when the handler exits, or ends
-- after it has printed something (outrigger.run).

local core = require "outrigger.core"
local output = require "outrigger.output"
local response = require "outrigger.response"

local function current(name)
	local event = core.event()
	if not event or core.phase() == "log" then
		error(("ngx.%s: API disabled in the current context"):format(name), 3)
	end
	return event
end

local function exit(status)
	local event = current("exit")
	if type(status) ~= "number" then
		error("bad argument #1 to 'exit' (number expected, got " .. type(status) .. ")", 2)
	end
	local body = output.take(event)
	if status < 0 then
		status = 500
	elseif body and (status == 0 or response.status()) then
		status = response.status() or 200
	end
	if status >= 100 then
		kong.response.exit(status, body)
	end
	core.quit()
end

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

local function redirect(uri, status)
	current("redirect")
	status = status or 302
	if type(uri) ~= "string" then
		error("bad argument #1 to 'redirect' (string expected, got " .. type(uri) .. ")", 2)
	elseif not REDIRECTS[status] then
		error("only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, "
			.. "ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed", 2)
	end
	kong.response.exit(status, nil, { Location = uri })
end

return function(ngx)
	function ngx.print(...)
		return output.add(current("print"), ...)
	end

	function ngx.say(...)
		local event = current("say")
		output.add(event, ...)
		return output.add(event, "\n")
	end

	ngx.exit, ngx.redirect = exit, redirect

	function ngx.flush()
		return 1
	end

	ngx.eof, ngx.send_headers = ngx.flush, ngx.flush
end
