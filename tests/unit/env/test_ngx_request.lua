-- ngx.req, ngx.resp, ngx.header, ngx.status, ngx.var, ngx.ctx, ngx.exit: by which PDK calls.

local check = require "check"

local P = { PRIORITY = 1, VERSION = "1.0.0", EVENTS = { "rewrite", "access", "response", "log" } }

local function lines()
	return table.concat(asked(), "; ")
end

function P:rewrite()
	answer("kong.request.get_headers", { ["x-a"] = "1" })
	answer("kong.request.get_query", { a = true })
	answer("kong.request.get_raw_body", "a=1&b=2")
	check.equal(ngx.req.get_headers()["X_A"], "1", "get_headers")
	check.equal(ngx.req.get_uri_args(0).a, true, "get_uri_args")
	check.equal(ngx.req.get_post_args().b, "2", "get_post_args")
	ngx.req.read_body()
	check.equal(ngx.req.get_body_data(), "a=1&b=2", "get_body_data")
	asked()
	ngx.req.set_header("a", "b")
	ngx.req.set_header("a", nil)
	ngx.req.set_method(ngx.HTTP_PUT)
	ngx.req.set_uri("/x")
	ngx.req.set_uri_args({ a = "b c" })
	ngx.req.set_body_data("body")
	check.equal(lines(), "kong.service.request.set_header a b; kong.service.request.clear_header a; " ..
		"kong.service.request.set_method PUT; kong.service.request.set_path /x; " ..
		"kong.service.request.set_raw_query a=b%20c; kong.service.request.set_raw_body body", "setters")
	check.raises(function()
		ngx.req.set_uri("/", true)
	end, "can't jump", "a jump")
	check.raises(function()
		ngx.req.set_method("PUT")
	end, "bad method number", "a bad method")
	check.raises(function()
		ngx.req.set_method(3)
	end, "unsupported HTTP method: 3", "a number of none")
	ngx.ctx.kept, ngx.ctx.fn = { 1 }, print
	ngx.ctx.kept[2] = 2
end

function P:access()
	check.contains(lines(), "kong.nginx.set_ctx kept {}", "a table that was changed is sent again")
	check.equal(ngx.status, 0, "no status yet")
	ngx.status = 201
	ngx.header.x_one = 5
	ngx.header["x-two"] = { "a", "b" }
	check.equal(ngx.header["X-One"] .. ngx.header.x_two[2] .. ngx.status, "5b201", "what was set")
	ngx.header.x_one = nil
	check.equal(ngx.header.x_one, nil, "what was cleared")
	check.equal(lines(), "kong.response.set_status 201; kong.response.set_header x-one 5; " ..
		"kong.response.set_header x-two {}; kong.response.clear_header x-one", "by the PDK")
	answer("kong.nginx.get_var", "value")
	check.equal(ngx.var.anything, "value", "a variable")
	check.equal(lines(), "kong.nginx.get_var anything", "by the PDK")
	check.equal(ngx.get_phase(), "access", "the phase")
	ngx.exit(ngx.OK)
	error("not reached")
end

function P:response()
	check.equal(lines(), "", "an exit that goes on says nothing")
	answer("kong.response.get_headers", { a = { "1", "2" }, ["x-cache-status"] = "Miss" })
	answer("kong.response.get_status", 404)
	check.equal(ngx.header.a[2] .. ngx.status .. ngx.resp.get_headers().A[1], "24041", "the response")
	local raw = ngx.resp.get_headers(0, true)
	raw["X-Cache-Status"] = "Hit"
	check.equal(raw["x-cache-status"], nil, "another spelling beside it")
	check.equal(raw.A[2], "2", "raw names")
	check.equal(ngx.get_phase(), "access", "the phase, as nginx has it")
	asked()
end

function P:log()
	check.raises(function()
		ngx.say("x")
	end, "API disabled in the context of log_by_lua*", "no response")
	check.equal(ngx.headers_sent, true, "it has gone")
	check.finish()
end

return P
