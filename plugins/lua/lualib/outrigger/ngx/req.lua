-- ngx.req: the request, by the PDK.

local core = require "outrigger.core"

local MAX_LINES = 1000 -- what the gateway gives at most

local function count(max)
	return max == 0 and MAX_LINES or max
end

local function refuse(name)
	return function()
		error(("ngx.req.%s is not available in Outrigger: the request is in the gateway"):format(name), 2)
	end
end

local function reading(ngx, req)
	function req.get_headers(max)
		return kong.request.get_headers(count(max))
	end

	function req.get_uri_args(max)
		return kong.request.get_query(count(max))
	end

	function req.get_method()
		return kong.request.get_method()
	end

	function req.http_version()
		return kong.request.get_http_version()
	end

	function req.start_time()
		return kong.nginx.req_start_time()
	end

	function req.is_internal()
		return false
	end

	-- The gateway reads it when it is asked for.
	function req.read_body() end

	function req.discard_body() end

	function req.get_body_data()
		return (kong.request.get_raw_body())
	end

	-- What the gateway has on its disk is not there for us: get_body_data gives it.
	function req.get_body_file()
		return nil
	end

	function req.get_post_args(max)
		local body = kong.request.get_raw_body()
		return ngx.decode_args(body or "", max)
	end
end

local function writing(ngx, req)
	local methods = {}
	for name, number in pairs(ngx) do
		methods[number] = type(name) == "string" and name:match("^HTTP_(%u+)$") or methods[number]
	end

	function req.set_header(name, value)
		if value == nil then
			return kong.service.request.clear_header(name)
		end
		kong.service.request.set_header(name, value)
	end

	function req.clear_header(name)
		kong.service.request.clear_header(name)
	end

	function req.set_method(number)
		local method = methods[number]
		if not method then
			error("unsupported HTTP method: " .. tostring(number), 2)
		end
		kong.service.request.set_method(method)
	end

	function req.set_uri(uri, jump)
		if jump then
			error("ngx.req.set_uri can't jump in Outrigger", 2)
		end
		kong.service.request.set_path(uri)
	end

	function req.set_uri_args(args)
		if type(args) == "table" then
			args = ngx.encode_args(args)
		end
		kong.service.request.set_raw_query(tostring(args))
	end

	function req.set_body_data(data)
		kong.service.request.set_raw_body(data)
	end
end

return function(ngx)
	ngx.req = {}
	reading(ngx, ngx.req)
	writing(ngx, ngx.req)
	for _, name in ipairs({ "socket", "raw_header", "set_body_file", "init_body", "append_body",
		"finish_body" }) do
		ngx.req[name] = refuse(name)
	end
	ngx.magic("is_subrequest", function()
		return core.event() and false or nil
	end)
end
