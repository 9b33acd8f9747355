-- ngx.req: the request, by the PDK.

local check = require "outrigger.ngx.check"
local core = require "outrigger.core"
local lines = require "outrigger.ngx.lines"

local MAX_LINES = 1000 -- what the gateway gives at most

-- How many the gateway is asked for; nil is what it gives by default.
local function count(max)
	if max == nil or max < 0 then
		return nil
	end
	return max == 0 and MAX_LINES or math.min(max, MAX_LINES)
end

-- nginx returns no second value where there is none.
local function with(value, err)
	if err == nil then
		return value
	end
	return value, err
end

local function refuse(name)
	return function()
		error(("ngx.req.%s is not available in Outrigger: the request is in the gateway"):format(name), 2)
	end
end

local READING = { rewrite = true, access = true, response = true }

local function reading(ngx, req)
	function req.get_headers(max, raw)
		local headers, err = kong.request.get_headers(count(max ~= nil and check.int(max) or nil))
		return with(raw and lines.as_written(headers) or headers, err)
	end

	function req.get_uri_args(max, into)
		local args, err = kong.request.get_query(count(max ~= nil and check.int(max) or nil))
		if not into then
			return with(args, err)
		end
		for key in pairs(into) do
			into[key] = nil
		end
		for key, value in pairs(args) do
			into[key] = value
		end
		return with(into, err)
	end

	function req.get_method()
		return kong.request.get_method()
	end

	function req.http_version()
		return kong.request.get_http_version()
	end

	function req.start_time()
		if check.is_outside() then
			return ngx.now()
		end
		return kong.nginx.req_start_time()
	end

	function req.is_internal()
		return false
	end

	-- The gateway reads it when it is asked for: what nginx wants to be read first is read always.
	function req.read_body()
		check.context(READING)
	end

	req.discard_body = req.read_body

	function req.get_body_data(max)
		local body = kong.request.get_raw_body()
		if body and body ~= "" then
			return max and max > 0 and body:sub(1, max) or body
		end
		return nil
	end

	-- What the gateway has on its disk is not there for us: get_body_data gives it.
	function req.get_body_file()
		return nil
	end

	function req.get_post_args(max)
		max = check.number(max, 1, 100)
		return ngx.decode_args(kong.request.get_raw_body() or "", max)
	end
end

-- ---- setters ----

local function check_count(wanted, most, ...)
	local n = select("#", ...)
	if n < 1 or n > most then
		error(("expecting %s but seen %d"):format(wanted, n), 3)
	end
	return n
end

local function check_name(name)
	if name == nil then
		error("bad 'name' argument: string expected, got nil", 3)
	end
	return tostring(name)
end

local function writing(ngx, req)
	local methods = {}
	for name, number in pairs(ngx) do
		methods[number] = type(name) == "string" and name:match("^HTTP_(%u+)$") or methods[number]
	end

	function req.set_header(name, value)
		name, value = check_name(name), lines.to_value(value)
		if value == nil or value == "" then
			return kong.service.request.clear_header(name)
		end
		kong.service.request.set_header(name, value)
	end

	function req.add_header(name, value)
		name = check_name(name)
		if value == nil then
			error("bad 'value' argument: string or table expected, got nil", 2)
		end
		value = lines.to_value(value)
		if value == nil then
			error("bad 'value' argument: non-empty table expected", 2)
		end
		lines.each(name, value, kong.service.request.add_header)
	end

	function req.clear_header(name)
		kong.service.request.clear_header(tostring(name))
	end

	function req.set_method(number)
		if type(number) ~= "number" then
			error("bad method number", 2)
		end
		local method = methods[number]
		if not method then
			error("unsupported HTTP method: " .. tostring(number), 2)
		end
		kong.service.request.set_method(method)
	end

	-- The gateway takes a path that is escaped, nginx one that isn't.
	function req.set_uri(...)
		local n = check_count("1, 2 or 3 arguments", 3, ...)
		local uri, jump, is_binary = ...
		uri = check.text(uri, 1)
		if uri == "" then
			error("attempt to use zero-length uri", 2)
		elseif not is_binary then
			check.safe(uri, "uri", " (maybe you want to set the 'binary' argument?)")
		end
		if n >= 2 and type(jump) ~= "boolean" then
			error(("bad argument #2 to '?' (boolean expected, got %s)"):format(type(jump)), 2)
		elseif jump then
			error("ngx.req.set_uri can't jump in Outrigger", 2)
		end
		kong.service.request.set_path(check.percent(uri, "[%z\1-\32%%?#\127-\255]"))
	end

	function req.set_uri_args(...)
		check_count("1 argument", 1, ...)
		local args = ...
		local kind = type(args)
		if kind == "table" then
			args = ngx.encode_args(args)
		elseif kind ~= "string" and kind ~= "number" then
			error(("bad argument #1 to '?' (string, number, or table expected, but got %s)"):format(kind), 2)
		end
		kong.service.request.set_raw_query(tostring(args))
	end

	function req.set_body_data(...)
		check_count("1 arguments", 1, ...)
		kong.service.request.set_raw_body(check.text((...), 1))
	end
end

-- What says itself where it can't be called.
local OUTSIDE = { start_time = true, read_body = true, discard_body = true }

local function inside(fn)
	return function(...)
		check.request()
		return fn(...)
	end
end

return function(ngx)
	ngx.req = {}
	reading(ngx, ngx.req)
	writing(ngx, ngx.req)
	for name, fn in pairs(ngx.req) do
		ngx.req[name] = OUTSIDE[name] and fn or inside(fn)
	end
	for _, name in ipairs({ "socket", "raw_header", "set_body_file", "init_body", "append_body",
		"finish_body" }) do
		ngx.req[name] = refuse(name)
	end
	ngx.magic("is_subrequest", function()
		if core.event() then
			return false
		end
	end)
end
