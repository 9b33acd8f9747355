-- ngx.say, ngx.print, ngx.exit, ngx.redirect: a response made here. It is sent when the handler exits, or ends
-- after it has printed something (outrigger.run).

local check = require "outrigger.ngx.check"
local core = require "outrigger.core"
local output = require "outrigger.output"
local response = require "outrigger.response"

local PRINTING = { rewrite = true, access = true, response = true }
local EXITING = { rewrite = true, access = true, response = true, header_filter = true, certificate = true, preread = true }

local function write(event, ...)
	if event.has_ended_output then
		return nil, "seen eof"
	end
	return output.add(event, ...)
end

-- ---- ends ----

-- As nginx has it: what is sent stays; a status that was set is preferred to one that is good.
local function choose_status(status, sent)
	if status < 0 then
		return 500
	end
	return sent or status >= 200 and status < 300 and response.status() or status
end

-- nginx' own page is for errors that are exited with.
local function choose_body(body, status, wanted)
	return body or status ~= wanted and wanted >= 200 and "" or nil
end

local function exit(...)
	if core.phase() == "timer" then
		check.int((...))
		core.quit()
	end
	local event = check.context(EXITING)
	local wanted = check.int((...))
	local body, sent = output.take(event)
	local status = choose_status(wanted, sent)
	if status >= 100 then
		kong.response.exit(status, choose_body(body, status, wanted))
	elseif core.phase() == "header_filter" then
		core.quit()
	end
	core.leave()
end

local REDIRECTS = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }

local function redirect(...)
	local event = check.context(PRINTING)
	local n = select("#", ...)
	if n ~= 1 and n ~= 2 then
		error("expecting one or two arguments", 2)
	end
	local uri, status = ...
	uri = check.text(uri, 1)
	status = n == 2 and check.number(status, 2) or 302
	if not REDIRECTS[status] then
		error("only ngx.HTTP_MOVED_TEMPORARILY, ngx.HTTP_MOVED_PERMANENTLY, ngx.HTTP_PERMANENT_REDIRECT, "
			.. "ngx.HTTP_SEE_OTHER, and ngx.HTTP_TEMPORARY_REDIRECT are allowed", 2)
	end
	check.safe(uri, "redirect uri")
	if event.output then
		error("attempt to call ngx.redirect after sending out the headers", 2)
	end
	kong.response.exit(status, nil, { Location = uri })
end

-- ---- texts ----

return function(ngx)
	function ngx.print(...)
		return write(check.context(PRINTING), ...)
	end

	function ngx.say(...)
		local event = check.context(PRINTING)
		local ok, err = write(event, ...)
		if not ok then
			return nil, err
		end
		return output.add(event, "\n")
	end

	function ngx.flush()
		if check.context(PRINTING).output then
			return 1
		end
		return nil, "nothing to flush"
	end

	function ngx.eof()
		local event = check.context(PRINTING)
		event.has_ended_output = true
		return output.add(event)
	end

	function ngx.send_headers()
		return output.add(check.context(PRINTING))
	end

	ngx.exit, ngx.redirect = exit, redirect
end
