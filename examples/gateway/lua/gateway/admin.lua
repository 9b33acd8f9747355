-- admin.lua - a very small part of the Admin API: POST /config takes a new
-- declarative configuration (YAML or JSON as the body, or as "config" in a form
-- or a JSON object), GET /config and GET /status answer what is in force.

local json = require "gateway.json"
local multipart = require "gateway.multipart"

local function answer(status, value)
	ngx.status = status
	ngx.header["Content-Type"] = "application/json; charset=utf-8"
	ngx.print(json.encode(value))
	return ngx.exit(status)
end

local function config_text()
	ngx.req.read_body()
	local body = ngx.req.get_body_data() or ""
	local content_type = ngx.var.content_type or ""
	if content_type:find("multipart/form-data", 1, true) == 1 then
		return (multipart.decode(body, content_type) or {}).config or ""
	elseif content_type:find("application/x-www-form-urlencoded", 1, true) == 1 then
		return ngx.decode_args(body).config or body
	end
	local object = json.decode(body)
	return type(object) == "table" and type(object.config) == "string" and object.config or body
end

local function post_config()
	local ok, err = require("gateway").post_config(config_text())
	if not ok then
		return answer(400, { code = 14, name = "invalid declarative configuration",
			message = "declarative config is invalid: " .. tostring(err) })
	end
	return answer(201, { message = "configuration accepted" })
end

local function serve()
	local method, path = ngx.req.get_method(), ngx.var.uri
	if method == "POST" and path == "/config" then
		return post_config()
	elseif method == "GET" and path == "/status" then
		return answer(200, { pid = ngx.worker.pid(), worker = ngx.worker.id(),
			workers = ngx.worker.count() })
	end
	return answer(404, { message = "Not found" })
end

return { serve = serve }
