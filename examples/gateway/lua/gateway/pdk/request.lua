-- request.lua - kong.request

local phases = require "gateway.pdk.phases"
local checks = require "gateway.pdk.checks"
local body = require "gateway.pdk.body"
local uri = require "gateway.uri"
local json = require "gateway.json"

local REQUEST = phases.request
local NOT_INIT = phases.mask_of("init_worker")
local BEFORE_CONTENT = phases.mask_of("rewrite", "access", "response", "error", "admin_api")
-- Of a query, where no number is given.
local DEFAULT_ARGS = 100

local function own_line(request)
	request.get_scheme = function()
		phases.check(REQUEST)
		return ngx.var.scheme
	end
	request.get_host = function()
		phases.check(REQUEST)
		return ngx.var.host
	end
	request.get_port = function()
		phases.check_not(NOT_INIT)
		return tonumber(ngx.var.server_port, 10)
	end
	request.get_http_version = function()
		phases.check(REQUEST)
		return ngx.req.http_version()
	end
	request.get_raw_path = function()
		phases.check(REQUEST)
		local text = ngx.var.request_uri or ""
		local query = text:find("?", 2, true)
		return query and text:sub(1, query - 1) or text
	end
	request.get_path = function()
		return uri.normalize(request.get_raw_path())
	end
	request.get_path_with_query = function()
		phases.check(REQUEST)
		return ngx.var.request_uri or ""
	end
	request.get_raw_query = function()
		phases.check(REQUEST)
		return ngx.var.args or ""
	end
	request.get_start_time = function()
		phases.check(REQUEST)
		return ngx.ctx.KONG_PROCESSING_START or ngx.req.start_time() * 1000
	end
end

-- After an error nginx has turned the request into a GET; its first line still
-- says what it was.
local function line_of_failed_request()
	if ngx.ctx.KONG_UNEXPECTED and ngx.req.http_version() < 2 then
		return ngx.var.request or ""
	end
end

local function query(request)
	request.get_method = function()
		phases.check(REQUEST)
		local line = line_of_failed_request()
		return line and line:match("^(%S+) ") or ngx.req.get_method()
	end
	request.get_query = function(max_args)
		phases.check(REQUEST)
		checks.count("max_args", max_args)
		local line = line_of_failed_request()
		if line then
			local args = line:match("%?(%S*) ")
			return args and ngx.decode_args(args, max_args or DEFAULT_ARGS) or {}
		end
		return ngx.req.get_uri_args(max_args)
	end
	request.get_query_arg = function(name)
		phases.check(REQUEST)
		if type(name) ~= "string" then
			error("query argument name must be a string", 2)
		end
		local value = request.get_query()[name]
		if type(value) == "table" then
			return value[1]
		end
		return value
	end
end

local function first_header(name)
	local value = ngx.var["http_" .. name:gsub("-", "_")]
	if not value or not value:find(", ", 1, true) then
		return value
	end
	value = ngx.req.get_headers()[name]
	return type(value) == "table" and value[1] or value
end

local function headers(request)
	request.get_header = function(name)
		phases.check(REQUEST)
		if type(name) ~= "string" then
			error("header name must be a string", 2)
		end
		return first_header(name)
	end
	request.get_headers = function(max_headers)
		phases.check(REQUEST)
		checks.count("max_headers", max_headers)
		return ngx.req.get_headers(max_headers)
	end
end

local function port_in(text)
	local port = tonumber(text or "", 10)
	return port and port >= 1 and port <= 65535 and port or nil
end

local function without_user(host)
	return host:match("@(.*)$") or host
end

local function forwarded(request, kong)
	local function word(name)
		return kong.ip.is_trusted(kong.client.get_ip()) and first_header("X-Forwarded-" .. name) or nil
	end
	request.get_forwarded_scheme = function()
		phases.check(REQUEST)
		local scheme = word("Proto")
		return scheme and scheme:lower() or request.get_scheme()
	end
	request.get_forwarded_host = function()
		phases.check(REQUEST)
		local host = word("Host")
		return host and without_user(host):match("^[^:]*"):lower() or request.get_host()
	end
	request.get_forwarded_port = function()
		phases.check(REQUEST)
		local host = word("Host")
		return port_in(word("Port")) or host and port_in(without_user(host):match(":(%d+)$"))
			or ngx.ctx.host_port or request.get_port()
	end
	request.get_forwarded_path = function()
		phases.check(REQUEST)
		return word("Path") or request.get_path()
	end
	request.get_forwarded_prefix = function()
		phases.check(REQUEST)
		return word("Prefix") or ngx.var.upstream_x_forwarded_prefix
	end
end

-- A body that nginx has put in a file; max bytes, 0 for any.
local function read_file(path, max)
	local file, err = io.open(path, "rb")
	if not file then
		return nil, "failed to open cached request body '" .. path .. "': " .. err
	end
	local size = file:seek("end") or 0
	if max > 0 and size > max then
		file:close()
		return nil, ("request body file too big: %d > %d"):format(size, max)
	end
	file:seek("set")
	local bytes = file:read("*a")
	file:close()
	return bytes
end

local function bodies(request)
	request.get_raw_body = function(max_allowed_file_size)
		phases.check(BEFORE_CONTENT)
		ngx.req.read_body()
		local data = ngx.req.get_body_data()
		local path = not data and ngx.req.get_body_file()
		if data or not path then
			return data or ""
		end
		if not max_allowed_file_size or max_allowed_file_size < 0 then
			return nil, "request body did not fit into client body buffer, consider raising "
				.. "'client_body_buffer_size'"
		end
		return read_file(path, max_allowed_file_size)
	end
	request.get_body = function(mimetype, max_args, max_allowed_file_size)
		phases.check(BEFORE_CONTENT)
		local source = {
			raw = function()
				return request.get_raw_body(max_allowed_file_size)
			end,
			args = function(max)
				ngx.req.read_body()
				if max then
					return ngx.req.get_post_args(max)
				end
				return ngx.req.get_post_args()
			end,
		}
		return body.read(source, mimetype or first_header("Content-Type"), max_args)
	end
end

local function get_uri_captures(ctx)
	phases.check(REQUEST)
	ctx = ctx or ngx.ctx
	local matches = ctx.router_matches and ctx.router_matches.uri_captures or {}
	local captures = { named = {}, unnamed = json.as_array({}) }
	for key, value in pairs(matches) do
		captures[type(key) == "number" and "unnamed" or "named"][key] = value
	end
	return captures
end

return function(kong)
	local request = { get_uri_captures = get_uri_captures }
	own_line(request)
	query(request)
	headers(request)
	forwarded(request, kong)
	bodies(request)
	return request
end
