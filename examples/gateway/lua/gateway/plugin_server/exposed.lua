-- exposed.lua - the functions that a plugin server reaches under another meaning
-- than in-process plugins do: in the log timer they answer from what was saved,
-- because the request is gone by then.

local json = require "gateway.json"
local ngx_ssl = require "ngx.ssl"

-- What the log phase saved, by the coroutine of its timer.
local saved_of = setmetatable({}, { __mode = "k" })

local function saved()
	return saved_of[coroutine.running()]
end

local function first(value)
	if type(value) == "table" then
		return value[1]
	end
	return value
end

local function current_ctx()
	local data = saved()
	return data and data.ngx_ctx or ngx.ctx
end

local function shared(kong)
	local data = saved()
	return data and data.ctx_shared or kong.ctx.shared
end

local function nginx_functions(kong, api)
	api["kong.log.serialize"] = function()
		local data = saved()
		return json.encode(data and data.serialize_data or kong.log.serialize())
	end
	api["kong.nginx.get_var"] = function(name)
		return ngx.var[name]
	end
	api["kong.nginx.get_tls1_version_str"] = ngx_ssl.get_tls1_version_str
	api["kong.nginx.get_ctx"] = function(key)
		return current_ctx()[key]
	end
	api["kong.nginx.set_ctx"] = function(key, value)
		current_ctx()[key] = value
	end
	api["kong.nginx.req_start_time"] = function()
		local data = saved()
		return data and data.req_start_time or ngx.req.start_time()
	end
	api["kong.ctx.shared.get"] = function(key)
		return shared(kong)[key]
	end
	api["kong.ctx.shared.set"] = function(key, value)
		shared(kong)[key] = value
	end
end

local function request_functions(kong, api)
	api["kong.request.get_headers"] = function(max)
		local data = saved()
		return data and data.request_headers or kong.request.get_headers(max)
	end
	api["kong.request.get_header"] = function(name)
		local data = saved()
		if data then
			return first(data.request_headers[name])
		end
		return kong.request.get_header(name)
	end
	api["kong.request.get_uri_captures"] = function()
		return kong.request.get_uri_captures(current_ctx())
	end
end

local function response_functions(kong, api)
	api["kong.response.get_status"] = function()
		local data = saved()
		return data and data.response_status or kong.response.get_status()
	end
	api["kong.response.get_headers"] = function(max)
		local data = saved()
		return data and data.response_headers or kong.response.get_headers(max)
	end
	api["kong.response.get_header"] = function(name)
		local data = saved()
		if data then
			return first(data.response_headers and data.response_headers[name])
		end
		return kong.response.get_header(name)
	end
	api["kong.response.get_source"] = function()
		local data = saved()
		return kong.response.get_source(data and data.ngx_ctx or nil)
	end
end

local function new(kong)
	local api = { kong = kong, get_saved_req_data = saved }
	nginx_functions(kong, api)
	request_functions(kong, api)
	response_functions(kong, api)
	return api
end

-- The function that a plugin server means by a name; nil if there is none.
local function look_up(api, name)
	if api[name] then
		return api[name]
	end
	local value = api
	for word in name:gmatch("[%w_]+") do
		value = value[word]
		if not value then
			return nil
		end
	end
	return value
end

return {
	new = new,
	look_up = look_up,
	-- In the log timer, lets kong.log write with the name of the plugin whose data was saved.
	use_saved_log = function(kong)
		local data = saved()
		if data then
			kong.set_log(data.plugin_name)
		end
	end,
	-- Runs f with `data` as what was saved.
	with_saved = function(data, f)
		local co = coroutine.running()
		saved_of[co] = data
		f()
		saved_of[co] = nil
	end,
}
