-- response.lua - kong.response: what the client gets.

local phases = require "gateway.pdk.phases"
local checks = require "gateway.pdk.checks"
local json = require "gateway.json"
local http_errors = require "gateway.http_errors"
local add_header = require("ngx.resp").add_header

local ANSWERED = phases.mask_of("response", "header_filter", "body_filter", "log", "error",
	"admin_api")
local CHANGING = phases.mask_of("rewrite", "access", "response", "balancer", "header_filter",
	"error", "admin_api")
local BODY_FILTER = phases.mask_of("body_filter")
local JSON_TYPE = "application/json; charset=utf-8"
-- Statuses that error_page in nginx.conf.in turns into an answer of ours.
local OWN_PAGE = { [400] = true, [404] = true, [405] = true, [408] = true, [411] = true,
	[412] = true, [413] = true, [414] = true, [417] = true, [494] = true, [500] = true,
	[502] = true, [503] = true, [504] = true }
local REASONS = { [401] = "Authorization Required", [402] = "Payment Required",
	[403] = "Forbidden", [406] = "Not Acceptable", [409] = "Conflict", [410] = "Gone",
	[415] = "Unsupported Media Type", [416] = "Requested Range Not Satisfiable",
	[421] = "Misdirected Request", [429] = "Too Many Requests", [501] = "Not Implemented",
	[505] = "HTTP Version Not Supported", [507] = "Insufficient Storage" }

local function check_open()
	phases.check(CHANGING)
	if ngx.headers_sent then
		error("headers have already been sent", 3)
	end
end

local function check_status(status, min)
	if type(status) ~= "number" then
		error("code must be a number", 3)
	elseif status < min or status > 599 then
		error(("code must be a number between %u and %u"):format(min, 599), 3)
	end
end

local function is_transfer_encoding(name)
	return name:lower():gsub("_", "-") == "transfer-encoding"
end

local function reading(response)
	function response.get_status()
		phases.check(ANSWERED)
		return ngx.status
	end
	function response.get_headers(max_headers)
		phases.check(ANSWERED)
		checks.count("max_headers", max_headers)
		return ngx.resp.get_headers(max_headers)
	end
	function response.get_header(name)
		phases.check(ANSWERED)
		if type(name) ~= "string" then
			error("header name must be a string", 2)
		end
		local value = response.get_headers()[name]
		if type(value) == "table" then
			return value[1]
		end
		return value
	end
	function response.get_source(ctx)
		if ctx == nil then
			phases.check(ANSWERED)
			ctx = ngx.ctx
		end
		if ctx.KONG_UNEXPECTED then
			return "error"
		elseif ctx.KONG_EXITED then
			return "exit"
		end
		return ctx.KONG_PROXIED and "service" or "error"
	end
end

local function put_header(kong, name, value)
	if is_transfer_encoding(name) then
		kong.log.warn("manually setting Transfer-Encoding. Ignored.")
	else
		ngx.header[name] = checks.normalize(value)
	end
end

local function writing(response, kong)
	function response.set_status(status)
		check_open()
		check_status(status, 100)
		ngx.status = status
	end
	function response.set_header(name, value)
		check_open()
		checks.header(name, value)
		put_header(kong, name, value)
	end
	function response.add_header(name, value)
		check_open()
		checks.header(name, value)
		add_header(name, checks.normalize(value))
	end
	function response.clear_header(name)
		check_open()
		if type(name) ~= "string" then
			error("header name must be a string", 2)
		end
		ngx.header[name] = nil
	end
	function response.set_headers(headers)
		check_open()
		checks.headers(headers)
		for name, value in pairs(headers) do
			put_header(kong, name, value)
		end
	end
	function response.get_raw_body()
		phases.check(BODY_FILTER)
	end
	function response.set_raw_body()
		phases.check(BODY_FILTER)
	end
end

local function has_header(headers, wanted)
	for name in pairs(headers or {}) do
		if name:lower():gsub("_", "-") == wanted then
			return true
		end
	end
	return false
end

-- The bytes to send for a body; nil for none.
local function body_bytes(body, headers)
	if type(body) ~= "table" then
		return body
	end
	local text, err = json.encode(body)
	if not text then
		error("body encoding failed while flushing response: " .. tostring(err), 3)
	end
	if not has_header(headers, "content-type") then
		ngx.header["Content-Type"] = JSON_TYPE
	end
	return text
end

-- nginx's own page for a status; it is written here since that of Debian's nginx
-- carries a signature that the gateway's has not.
local function send_page(status)
	ngx.header["Content-Type"] = "text/html"
	local page = http_errors.plain_page(status, REASONS[status])
	ngx.header["Content-Length"] = #page
	ngx.print(page)
end

local function send(kong, answer)
	if ngx.headers_sent then
		error("headers have already been sent", 2)
	end
	local status, headers = answer.status_code, answer.headers
	ngx.status = status
	for name, value in pairs(headers or {}) do
		put_header(kong, name, value)
	end
	local bytes = body_bytes(answer.content, headers)
	if bytes == nil and REASONS[status] and not OWN_PAGE[status] then
		send_page(status)
	else
		if not has_header(headers, "content-length") then
			ngx.header["Content-Length"] = bytes and #bytes or 0
		end
		if bytes then
			ngx.print(bytes)
		end
	end
	return ngx.exit(status)
end

-- In access the answer waits until the plugin is left, for good: its coroutine is
-- not resumed. Elsewhere it goes at once.
local function finish(kong, answer)
	local ctx = ngx.ctx
	ctx.KONG_EXITED = true
	if not ctx.delay_response or ctx.delayed_response then
		return send(kong, answer)
	end
	ctx.delayed_response = answer
	ctx.delayed_response_callback = function()
		return send(kong, answer)
	end
	coroutine.yield()
end

local function message_text(message)
	if type(message) == "table" then
		local text, err = json.encode(message)
		if not text then
			error("could not JSON encode the error message: " .. tostring(err), 3)
		end
		return text
	elseif message ~= nil and type(message) ~= "string" then
		error("message must be a nil, a string or a table", 3)
	end
	return message
end

local function check_headers(headers)
	if headers ~= nil and type(headers) ~= "table" then
		error("headers must be a nil or table", 3)
	end
	if headers ~= nil then
		checks.headers(headers)
	end
end

return function(kong)
	local response = {}
	reading(response)
	writing(response, kong)

	function response.exit(status, body, headers)
		check_open()
		check_status(status, 100)
		if body ~= nil and type(body) ~= "string" and type(body) ~= "table" then
			error("body must be a nil, string or table", 2)
		end
		check_headers(headers)
		return finish(kong, { status_code = status, content = body, headers = headers })
	end

	function response.error(status, message, headers)
		check_open()
		check_status(status, 400)
		message = message_text(message)
		check_headers(headers)
		headers = headers or {}
		local content_type = headers["Content-Type"]
		content_type = type(content_type) == "table" and content_type[1] or content_type
			or http_errors.content_type_for(ngx.req.get_headers()["Accept"])
		headers["Content-Type"] = content_type
		local body = http_errors.body(content_type, message or http_errors.message(status),
			ngx.var.kong_request_id or "")
		return finish(kong, { status_code = status, content = body, headers = headers })
	end

	return response
end
