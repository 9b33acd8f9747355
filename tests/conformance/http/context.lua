-- ngx.ctx, ngx.var, ngx.get_phase.

--- ctx from phase to phase
ngx.ctx.a = 1
ngx.ctx.t = { 1, b = { 2 } }
ngx.ctx.t.c = "c"
ngx.ctx.gone = 1
ngx.ctx.gone = nil
note(ngx.ctx.a, ngx.ctx.t, ngx.ctx.gone, ngx.ctx.nothing, type(ngx.ctx))
-- in header_filter
note(ngx.ctx.a, ngx.ctx.t)
ngx.ctx.a = ngx.ctx.a + 1
ngx.ctx.t.d = "d"
-- in log
note(ngx.ctx.a, ngx.ctx.t, ngx.ctx.gone)

--- ctx that is replaced
ngx.ctx = { a = 1, b = "b" }
note(ngx.ctx.a, ngx.ctx.b)
ngx.ctx.a = 2
-- in log
note(ngx.ctx.a, ngx.ctx.b)

--- ctx: what is refused
try(function()
	ngx.ctx = 5
end)
try(function()
	ngx.ctx = nil
end)

--- ctx is the request's
note(ngx.ctx.a)

--- functions and objects
local object = setmetatable({ 1 }, { __index = { get = function(self)
	return self[1]
end } })
ngx.ctx.object, ngx.ctx.fn = object, note
note(ngx.ctx.object == object, ngx.ctx.object:get(), ngx.ctx.fn == note)
-- in log
note(ngx.ctx.object:get(), type(ngx.ctx.fn))

--- variables
-- GET /a%20b?x=1&y=%20
-- X-One: one
-- Cookie: c=cookie
note(ngx.var.request_method, ngx.var.uri, ngx.var.request_uri, ngx.var.args, ngx.var.query_string, ngx.var.is_args)
note(ngx.var.http_x_one, ngx.var.HTTP_X_ONE, ngx.var.arg_x, ngx.var.arg_y, ngx.var.arg_z, ngx.var.cookie_c)
note(ngx.var.scheme, ngx.var.https or "", ngx.var.server_protocol, ngx.var.remote_addr, #ngx.var.binary_remote_addr)
note(ngx.var.nonsense, ngx.var.http_nothing, ngx.var.server_addr, type(ngx.var.server_port), type(ngx.var.connection))
note(type(ngx.var.request_time), type(ngx.var.msec), ngx.var.http2 or "", ngx.var.request)
-- in header_filter
note(ngx.var.status, ngx.var.request_method, ngx.var.sent_http_content_type)

--- variables: what is refused
try(function()
	return ngx.var[{}]
end)
try(function()
	return ngx.var[true]
end)
try(function()
	ngx.var[{}] = 1
end)
note(ngx.var[1])

--- phases
note(ngx.get_phase())
-- in header_filter
note(ngx.get_phase())
-- in body_filter
if ngx.arg[2] then
	note(ngx.get_phase())
end
-- in log
note(ngx.get_phase())
