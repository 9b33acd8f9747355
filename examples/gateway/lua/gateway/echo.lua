-- echo.lua - the upstream for demonstrations and tests.
--   /...              the request as JSON: method, uri, path, query, headers, body
--   /status/N         that status
--   /headers?a=b      the query as response headers, beside the JSON
--   /bytes/N          N bytes of "x" as text
--   /text             the line "upstream ok" as plain text

local json = require "gateway.json"

local function read_body()
	ngx.req.read_body()
	local body = ngx.req.get_body_data()
	if body then
		return body
	end
	local path = ngx.req.get_body_file()
	local file = path and io.open(path, "rb")
	if not file then
		return ""
	end
	body = file:read("*a")
	file:close()
	return body
end

local function describe()
	local uri = ngx.var.request_uri
	return {
		method = ngx.req.get_method(), uri = uri, path = uri:match("^[^?]*"),
		query = ngx.req.get_uri_args(0), headers = ngx.req.get_headers(0), body = read_body(),
	}
end

local function serve()
	local path = ngx.var.uri
	local status = path:match("/status/(%d+)$")
	local bytes = path:match("/bytes/(%d+)$")
	if status then
		ngx.status = tonumber(status)
	elseif bytes or path:match("/text$") then
		ngx.header["Content-Type"] = "text/plain"
		return ngx.print(bytes and ("x"):rep(tonumber(bytes)) or "upstream ok\n")
	elseif path:match("/headers$") then
		for name, value in pairs(ngx.req.get_uri_args(0)) do
			ngx.header[name] = value
		end
	end
	local text = json.encode(describe())
	ngx.header["Content-Type"] = "application/json"
	ngx.header["Content-Length"] = #text
	ngx.print(text)
end

return { serve = serve }
