-- How nginx checks phases and arguments, in its words. Each raises to the caller of ngx's function.

local core = require "outrigger.core"

local check = {}

local CONTEXTS = { certificate = "ssl_certificate_by_lua*", init_worker = "init_worker_by_lua*", rewrite = "rewrite_by_lua*",
	access = "access_by_lua*", preread = "preread_by_lua*", header_filter = "header_filter_by_lua*",
	body_filter = "body_filter_by_lua*", log = "log_by_lua*", timer = "ngx.timer" }

local OUTSIDE = { timer = true, init_worker = true }

-- Whether there is no request: in timers, and while nothing is served.
function check.is_outside()
	local phase = core.phase()
	return not phase or OUTSIDE[phase] == true
end

-- That there is one.
function check.request()
	if check.is_outside() then
		error(core.phase() and "API disabled in the current context" or "no request found", 3)
	end
end

-- The event that runs, in one of these phases.
function check.context(phases)
	local event, phase = core.event(), core.phase()
	if not phase then
		error("no request found", 3)
	elseif not event or not phases[phase] then
		error("API disabled in the context of " .. (CONTEXTS[phase] or phase), 3)
	end
	return event
end

-- An argument of a function that nginx calls by FFI, as a whole number.
function check.int(value)
	if type(value) ~= "number" then
		error(("bad argument #2 to '?' (cannot convert '%s' to 'int')"):format(type(value)), 3)
	end
	return value < 0 and math.ceil(value) or math.floor(value)
end

-- Argument `n` as a text, which a number is, too.
function check.text(value, n)
	if type(value) ~= "string" and type(value) ~= "number" then
		error(("bad argument #%d to '?' (string expected, got %s)"):format(n, type(value)), 3)
	end
	return tostring(value)
end

-- Argument `n` as a number, which a text may be; nil is one where there is `default`.
function check.number(value, n, default)
	local number = tonumber(value)
	if value == nil and default then
		return default
	elseif not number then
		error(("bad argument #%d to '?' (number expected, got %s)"):format(n, type(value)), 3)
	end
	return number
end

local function escape(byte)
	return ("\\x%02X"):format(byte:byte())
end

-- Bytes that end a line, and their like, in `what`.
function check.safe(uri, what, hint)
	local found = uri:match("[%z\1-\31\127]")
	if found then
		error(('unsafe byte "0x%02x" in %s "%s"%s'):format(found:byte(), what,
			uri:gsub("[%z\1-\31\127-\255]", escape), hint or ""), 3)
	end
end

-- Bytes of `text` in the set, as %XX.
function check.percent(text, set)
	return (text:gsub(set, function(byte)
		return ("%%%02X"):format(byte:byte())
	end))
end

return check
