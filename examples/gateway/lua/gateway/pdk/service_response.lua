-- service_response.lua - kong.service.response: what the upstream answered.

local phases = require "gateway.pdk.phases"
local checks = require "gateway.pdk.checks"
local body = require "gateway.pdk.body"

local ANSWERED = phases.mask_of("response", "header_filter", "body_filter", "log")
local MAX_POST_ARGS = 100

local function lower_dashed(name)
	return (name:lower():gsub("_", "-"))
end

-- The headers of a buffered response: a table that answers each name but shows
-- none, as in the gateway, so that nothing of it crosses to a plugin server.
local function buffered_headers(headers, max)
	return setmetatable({}, { __index = function(_, name)
		if type(name) ~= "string" then
			return nil
		end
		if headers[name] then
			return headers[name]
		end
		local seen = 0
		for key, value in pairs(headers) do
			seen = seen + 1
			if seen > max then
				return nil
			end
			if lower_dashed(key) == lower_dashed(name) then
				return value
			end
		end
	end })
end

-- Only headers that the upstream sent, not those set here.
local function upstream_headers(max)
	local headers = ngx.resp.get_headers(max)
	local original = getmetatable(headers).__index
	return setmetatable(headers, { __index = function(t, name)
		if type(name) == "string"
			and not ngx.var["upstream_http_" .. name:lower():gsub("-", "_")] then
			return nil
		end
		return original(t, name)
	end })
end

return function(_, core)
	local response = {}

	function response.get_status()
		phases.check(ANSWERED)
		return ngx.ctx.buffered_status or tonumber((ngx.var.upstream_status or ""):sub(-3))
	end

	function response.get_headers(max_headers)
		phases.check(ANSWERED)
		checks.count("max_headers", max_headers)
		local buffered = ngx.ctx.buffered_headers
		if buffered then
			return buffered_headers(buffered,
				max_headers or core.settings.lua_max_resp_headers or 100)
		end
		return upstream_headers(max_headers)
	end

	function response.get_header(name)
		phases.check(ANSWERED)
		if type(name) ~= "string" then
			error("name must be a string", 2)
		end
		local value = response.get_headers()[name]
		if type(value) == "table" then
			return value[1]
		end
		return value
	end

	local function check_buffered()
		if not ngx.ctx.buffered_proxying then
			error("service body is only available with buffered proxying "
				.. "(see: kong.service.request.enable_buffering function)", 3)
		end
	end

	function response.get_raw_body()
		phases.check(ANSWERED)
		check_buffered()
		return ngx.ctx.buffered_body or ""
	end

	function response.get_body(mimetype, max_args)
		phases.check(ANSWERED)
		check_buffered()
		local source = {
			raw = response.get_raw_body,
			args = function(max)
				return ngx.decode_args(response.get_raw_body(), max or MAX_POST_ARGS)
			end,
		}
		return body.read(source, mimetype or response.get_header("Content-Type"), max_args)
	end

	return response
end
