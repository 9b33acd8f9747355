-- ngx.exit, ngx.redirect.

--- OK goes on
ngx.exit(ngx.OK)
note("not reached")

--- a status without a body
ngx.exit(200)

--- 204
ngx.exit(ngx.HTTP_NO_CONTENT)

--- 202, with headers that were set
ngx.header.x_one = { "1", "2" }
ngx.exit(202)

--- an error has nginx's page, and none of a plugin's
ngx.exit(404)

--- with headers
ngx.header["WWW-Authenticate"] = "Basic realm=x"
ngx.header.x_one = "1"
ngx.exit(401)

--- 403
ngx.exit(ngx.HTTP_FORBIDDEN)

--- 500
ngx.exit(ngx.HTTP_INTERNAL_SERVER_ERROR)

--- 503
ngx.exit(503)

--- 301 with a Location
ngx.header.location = "/elsewhere"
ngx.exit(301)

--- a status that was set before
ngx.status = 418
ngx.exit(ngx.OK)

--- a status that was set before, and another one
ngx.status = 403
ngx.exit(200)

--- a status that was set before, and an error
ngx.status = 201
ngx.exit(404)

--- what is no number
try(ngx.exit, "x")
try(ngx.exit, "200")
try(ngx.exit, {})
try(ngx.exit, nil)

--- pcall does not catch it
pcall(ngx.exit, 202)
note("not reached")
ngx.say("x")

--- nor one that goes on
ngx.ctx.kept = { 1 }
pcall(function()
	ngx.exit(ngx.OK)
end)
note("not reached")
-- in log
note(ngx.ctx.kept)

--- one that goes on, in a coroutine
ngx.header.x_one = "1"
coroutine.resume(coroutine.create(function()
	pcall(ngx.exit, ngx.OK)
end))
note("not reached")

--- one that goes on, beside a thread
ngx.thread.spawn(function()
	ngx.sleep(50)
	note("not reached")
end)
ngx.exit(ngx.OK)

--- in a coroutine
local co = coroutine.wrap(function()
	ngx.exit(202)
end)
co()
note("not reached")

--- in a thread that the handler waits for
ngx.thread.wait(ngx.thread.spawn(function()
	ngx.exit(202)
end))
note("not reached")

--- an error is a 500
error("broken")

--- redirect
ngx.redirect("/elsewhere")
note("not reached")

--- redirect to another host, with a query
ngx.redirect("http://example.com:8080/a?b=c&d=%20e#f", 301)

--- redirect with each status
-- GET /303
ngx.redirect("/x", 303)

--- redirect 307
ngx.redirect("/x", 307)

--- redirect 308
ngx.redirect("/x", ngx.HTTP_PERMANENT_REDIRECT)

--- redirect keeps headers
ngx.header.x_one = "1"
ngx.redirect("/x")

--- redirect: what is refused
try(ngx.redirect)
try(ngx.redirect, nil)
try(ngx.redirect, {})
try(ngx.redirect, "/x", 200)
try(ngx.redirect, "/x", 404)
try(ngx.redirect, "/x", 304)
try(ngx.redirect, "/x", "x")
try(ngx.redirect, "/x", 301, 1)
try(ngx.redirect, "/x\r\nX-Evil: 1")

--- redirect after something was printed
ngx.say("x")
try(ngx.redirect, "/x")

--- a number as a place
ngx.redirect(5)
