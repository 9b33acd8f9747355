-- header_filter and body_filter, which no external plugin can have: they run inside of the phase `response`,
-- where the gateway holds the whole response, and, where the plugin itself ends a request, before it does.
--
-- ngx.arg and the calls are as nginx has them for a response that is in memory: once with the body, once more
-- for its end. The gateway sends the body itself unless a filter has changed it.

local core = require "outrigger.core"
local response = require "outrigger.response"

local filters = {}

local PHASES = { "header_filter", "body_filter" }

local QUIT = core.QUIT

-- ---- ngx.arg ----

local function body_state()
	local event = core.event()
	return event and core.phase() == "body_filter" and event.body
end

local function read_arg(_, index)
	local body = body_state()
	if not body then
		error("API disabled in the current context", 2)
	end
	return body[index]
end

local function write_arg(_, index, value)
	local body = body_state()
	if not body then
		error("API disabled in the current context", 2)
	elseif index ~= 1 and index ~= 2 then
		error("bad index", 2)
	end
	body[index] = value
end

-- What a filter left in ngx.arg[1]: a text, a list of such, or nothing.
local function append(parts, chunk)
	if type(chunk) == "table" then
		for _, item in ipairs(chunk) do
			append(parts, item)
		end
	elseif chunk ~= nil then
		parts[#parts + 1] = tostring(chunk)
	end
end

-- ---- kong.response.get_raw_body, set_raw_body ----

local function check_phase()
	if core.phase() ~= "body_filter" then
		error(("function cannot be called in %s phase (only in: body_filter)"):format(
			tostring(core.phase())), 3)
	end
	return body_state()
end

-- nil until the whole body is there; what comes before is held back.
local function get_raw_body()
	local body = check_phase()
	local chunk, is_end = body[1], body[2]
	if is_end and not body.held then
		return chunk
	end
	body.held = body.held or {}
	append(body.held, chunk)
	body[1] = nil
	if is_end then
		body[1] = table.concat(body.held)
		body.held = nil
		return body[1]
	end
end

local function set_raw_body(text)
	local body = check_phase()
	if type(text) ~= "string" then
		error("body must be a string", 2)
	end
	body[1], body[2], body.held = text, true, nil
end

-- ---- running them ----

-- Calls a filter as a phase of its own. False if it ended by itself (kong.response.exit, ngx.exit).
local function call(handler, name, conf)
	if type(handler[name]) ~= "function" then
		return true
	end
	local before = core.set_phase(name)
	local ok, err = core.try(handler[name], handler, conf)
	core.set_phase(before)
	if not ok and err ~= QUIT then
		error(err, 0)
	end
	return ok
end

-- One call of body_filter. True when it was the last.
local function feed(handler, conf, parts, chunk, is_end)
	local body = core.event().body
	body[1], body[2] = chunk, is_end
	call(handler, "body_filter", conf)
	append(parts, body[1])
	return body[2] or is_end
end

-- The body as the filter leaves it. `is_given` is for one that header_filter has put in the upstream's place.
local function filter_body(handler, conf, text, is_given)
	if type(handler.body_filter) ~= "function" then
		return text
	end
	local parts = {}
	core.event().body = {}
	if is_given then
		feed(handler, conf, parts, text, true)
	elseif text == "" or not feed(handler, conf, parts, text, false) then
		feed(handler, conf, parts, "", true)
	end
	return table.concat(parts)
end

local NO_BODY = { [204] = true, [304] = true }

-- nginx calls no body filters where there can be no body.
local function has_body(text)
	return text ~= "" or not (NO_BODY[kong.response.get_status()]
		or kong.request.get_method() == "HEAD")
end

-- The phase `response`.
function filters.run(handler, conf)
	local event = core.event()
	call(handler, "header_filter", conf)
	local given = event.given_body
	if not given and type(handler.body_filter) ~= "function" then
		return
	end
	local before = kong.service.response.get_raw_body() or ""
	local after = given or before
	if has_body(after) then
		after = filter_body(handler, conf, after, given ~= nil)
	end
	if after ~= before then
		filters.exit(kong.response.get_status(), after)
	end
end

-- A response of the plugin's own, in access or rewrite, before it is sent.
local function run_own(handler, conf, status, body, headers)
	if headers then
		kong.response.set_headers(headers)
	end
	response.begin(status)
	call(handler, "header_filter", conf)
	local event = core.event()
	local given = event.given_body
	local text = given or body or ""
	if has_body(text) then
		text = filter_body(handler, conf, text, given ~= nil)
	end
	return response.status(), (text ~= "" or body) and text or nil
end

local FILTERED = { rewrite = true, access = true }

-- An exit inside of header_filter replaces status, headers and body, and ends the filter.
local function exit_in_filter(status, body, headers)
	kong.response.set_status(status)
	if headers then
		kong.response.set_headers(headers)
	end
	core.event().given_body = body or ""
	core.quit()
end

-- Replaces kong.response.NAME by one that filters what it would send, where the event has a handler with filters.
-- `render` gives status, body, headers.
local function wrap_end(name, render)
	local call_end = kong.response[name]
	kong.response[name] = function(...)
		local phase, event = core.phase(), core.event()
		if phase == "header_filter" then
			return exit_in_filter(render(...))
		elseif not FILTERED[phase] or not event.handler or event.is_ending then
			return call_end(...)
		end
		event.is_ending = true
		filters.exit(run_own(event.handler, event.conf, render(...)))
	end
end

-- Whether the handler has any.
function filters.has(handler)
	for _, phase in ipairs(PHASES) do
		if type(handler[phase]) == "function" then
			return true
		end
	end
	return false
end

-- Makes filters run of handlers that end a request; once.
function filters.install()
	if filters.exit then
		return
	end
	filters.exit = kong.response.exit
	wrap_end("exit", core.render_exit)
	wrap_end("error", core.render_error)
	kong.response.get_raw_body, kong.response.set_raw_body = get_raw_body, set_raw_body
end

ngx.arg = setmetatable({}, { __index = read_arg, __newindex = write_arg })

return filters
