-- The same before there is a route: rewrite.

--- an answer
-- in rewrite
ngx.status = 201
ngx.header.x_one = "1"
ngx.say("from rewrite")
note(ngx.get_phase(), ngx.headers_sent)
-- in access
note("not reached")

--- an exit
-- in rewrite
ngx.exit(403)
-- in access
note("not reached")

--- an exit that goes on
-- in rewrite
ngx.exit(ngx.OK)
note("not reached")
-- in access
note("reached")

--- a redirect
-- in rewrite
ngx.redirect("/elsewhere", 301)

--- what is read there
-- POST /x?a=1
-- X-One: 1
-- > body
-- in rewrite
note(ngx.req.get_method(), ngx.req.get_headers().x_one, ngx.req.get_uri_args(), ngx.var.uri)
ngx.req.read_body()
note(ngx.req.get_body_data())

--- what is set there is there later
-- X-One: 1
-- in rewrite
ngx.ctx.a = { 1 }
ngx.header.x_two = "2"
ngx.req.set_header("X-One", "new")
ngx.req.set_header("X-Three", "3")
-- in access
note(ngx.ctx.a, ngx.req.get_headers().x_one)
ngx.ctx.a[2] = 2
-- in log
note(ngx.ctx.a)
