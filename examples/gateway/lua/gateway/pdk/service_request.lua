-- service_request.lua - kong.service.request: what goes to the upstream.

local phases = require "gateway.pdk.phases"
local checks = require "gateway.pdk.checks"
local uri = require "gateway.uri"
local json = require "gateway.json"

local ACCESS_REWRITE = phases.mask_of("rewrite", "access")
local WITH_BALANCER = phases.mask_of("rewrite", "access", "balancer")
local METHODS = { GET = ngx.HTTP_GET, HEAD = ngx.HTTP_HEAD, PUT = ngx.HTTP_PUT,
	POST = ngx.HTTP_POST, DELETE = ngx.HTTP_DELETE, OPTIONS = ngx.HTTP_OPTIONS,
	MKCOL = ngx.HTTP_MKCOL, COPY = ngx.HTTP_COPY, MOVE = ngx.HTTP_MOVE,
	PROPFIND = ngx.HTTP_PROPFIND, PROPPATCH = ngx.HTTP_PROPPATCH, LOCK = ngx.HTTP_LOCK,
	UNLOCK = ngx.HTTP_UNLOCK, PATCH = ngx.HTTP_PATCH, TRACE = ngx.HTTP_TRACE }

local function check_string(what, value)
	if type(value) ~= "string" then
		error(what .. " must be a string", 3)
	end
end

-- A query string with its arguments in order; nil and an error if one cannot be
-- written.
local function ordered_args(args)
	local list = {}
	for name, value in pairs(args) do
		if type(name) ~= "string" then
			return nil, "arg keys must be strings"
		end
		local ok, text = pcall(ngx.encode_args, { [name] = value })
		if not ok then
			return nil, text
		end
		list[#list + 1] = text
	end
	table.sort(list)
	return table.concat(list, "&")
end

local function line(request)
	request.enable_buffering = function()
		phases.check(WITH_BALANCER)
		ngx.ctx.buffered_proxying = true
	end
	request.set_scheme = function(scheme)
		phases.check(WITH_BALANCER)
		check_string("scheme", scheme)
		if scheme ~= "http" and scheme ~= "https" then
			error("invalid scheme: " .. scheme, 2)
		end
		ngx.var.upstream_scheme = scheme
	end
	request.set_path = function(path)
		phases.check(WITH_BALANCER)
		check_string("path", path)
		if path:sub(1, 1) ~= "/" then
			error("path must start with /", 2)
		end
		ngx.var.upstream_uri = uri.escape(path)
	end
	request.set_method = function(method)
		phases.check(ACCESS_REWRITE)
		check_string("method", method)
		if not METHODS[method] then
			error("invalid method: " .. method, 2)
		end
		ngx.req.set_method(METHODS[method])
	end
end

local function without_arg(args, name)
	local kept = {}
	for part in args:gmatch("[^&]+") do
		if ngx.unescape_uri((part:match("^[^=]*"):gsub("+", " "))) ~= name then
			kept[#kept + 1] = part
		end
	end
	return table.concat(kept, "&")
end

local function query(request)
	request.set_raw_query = function(text)
		phases.check(ACCESS_REWRITE)
		check_string("query", text)
		ngx.req.set_uri_args(text)
	end
	request.set_query = function(args)
		phases.check(ACCESS_REWRITE)
		if type(args) ~= "table" then
			error("args must be a table", 2)
		end
		local text, err = ordered_args(args)
		if not text then
			error(err, 2)
		end
		ngx.req.set_uri_args(text)
	end
	request.clear_query_arg = function(name)
		phases.check(ACCESS_REWRITE)
		check_string("query argument name", name)
		local args = ngx.var.args
		if args and args ~= "" then
			ngx.var.args = without_arg(args, name)
		end
	end
end

local function note_host(name, value)
	if name:lower() == "host" then
		ngx.var.upstream_host = value
	end
end

local function headers(request)
	request.set_header = function(name, value)
		phases.check(WITH_BALANCER)
		checks.header(name, value)
		note_host(name, value)
		if name:lower() == ":authority" then
			return nil, "cannot set :authority pseudo-header on non-grpc requests"
		end
		ngx.req.set_header(name, checks.normalize(value))
	end
	request.add_header = function(name, value)
		phases.check(ACCESS_REWRITE)
		checks.header(name, value)
		note_host(name, value)
		local values = ngx.req.get_headers()[name]
		if type(values) ~= "table" then
			values = { values }
		end
		table.insert(values, checks.normalize(value))
		ngx.req.set_header(name, values)
	end
	request.clear_header = function(name)
		phases.check(ACCESS_REWRITE)
		check_string("header", name)
		ngx.req.clear_header(name)
	end
	request.set_headers = function(list)
		phases.check(ACCESS_REWRITE)
		checks.headers(list)
		for name, value in pairs(list) do
			note_host(name, value)
			ngx.req.set_header(name, checks.normalize(value))
		end
	end
end

local function check_field(name, value)
	if type(name) ~= "string" then
		error(("invalid key %q: got %s, expected string"):format(tostring(name), type(name)), 4)
	end
	local kind = type(value)
	if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then
		error(("invalid value %q: got %s, expected string, number or boolean"):format(name, kind), 4)
	end
end

local function write_multipart(args, mime)
	local boundary = mime:match('boundary="([^"]*)"') or mime:match("boundary=(.*)$")
		or tostring(math.random(1e10))
	local names, parts = {}, {}
	for name, value in pairs(args) do
		check_field(name, value)
		names[#names + 1] = name
	end
	table.sort(names)
	for _, name in ipairs(names) do
		parts[#parts + 1] = ('--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n')
			:format(boundary, name, tostring(args[name]))
	end
	parts[#parts + 1] = "--" .. boundary .. "--\r\n"
	return table.concat(parts), "multipart/form-data; boundary=" .. boundary
end

local WRITERS = {
	["application/x-www-form-urlencoded"] = function(args, mime)
		local text, err = ordered_args(args)
		if not text then
			error(err, 3)
		end
		return text, mime
	end,
	["application/json"] = function(args, mime)
		local text, err = json.encode(args)
		if not text then
			error(err, 3)
		end
		return text, mime
	end,
	["multipart/form-data"] = write_multipart,
}

local function bodies(request)
	request.set_raw_body = function(bytes)
		phases.check(WITH_BALANCER)
		check_string("body", bytes)
		ngx.req.read_body()
		ngx.req.set_body_data(bytes)
	end
	request.set_body = function(args, mime)
		phases.check(ACCESS_REWRITE)
		if type(args) ~= "table" then
			error("args must be a table", 2)
		elseif mime and type(mime) ~= "string" then
			error("mime must be a string", 2)
		end
		mime = mime or ngx.req.get_headers()["Content-Type"]
		if not mime then
			return nil, "content type was neither explicitly given as an argument or received "
				.. "as a header"
		end
		local write = WRITERS[mime:match("^[^;]*")]
		if not write then
			error("unsupported content type " .. mime, 2)
		end
		ngx.req.read_body()
		local bytes, content_type = write(args, mime)
		ngx.req.set_body_data(bytes)
		ngx.req.set_header("Content-Type", content_type)
		return true
	end
end

return function()
	local request = {}
	line(request)
	query(request)
	headers(request)
	bodies(request)
	return request
end
