-- ngx.say, ngx.print, ngx.flush, ngx.eof, ngx.send_headers.

--- say and print make the body
ngx.print("a", 1, 2.5, true, nil, false, ngx.null)
ngx.say("b")
ngx.say({ "c", { "d", 1, { "e" } }, 2 })
ngx.say()
ngx.print("end")

--- what they return
note(ngx.say("x"))
note(ngx.print("x"))
note(ngx.print())
note(ngx.flush())
note(ngx.flush(true))

--- an empty table
try(ngx.say, {}, "x")

--- a function
try(ngx.print, print)
ngx.print("done")

--- a table with names
try(ngx.print, { a = 1 })
ngx.print("done")

--- a table with a function
try(ngx.print, { print })
ngx.print("done")

--- a table with a hole
try(ngx.print, { 1, nil, 3 })
ngx.print("done")

--- a table with names in a table
try(ngx.print, { 1, { b = 2 } })
ngx.print("done")

--- nothing comes after eof
ngx.say("x")
ngx.eof()
note(ngx.say("y"))
note(ngx.print("z"))

--- send_headers alone
ngx.status = 202
ngx.header.x_one = "1"
ngx.send_headers()

--- what is set once headers are sent
ngx.say("x")
note(ngx.headers_sent)
ngx.status = 404
ngx.exit(ngx.OK)

--- an empty text
ngx.print("")

--- no text at all
ngx.print()

--- a status of one's own
ngx.status = 201
ngx.header.x_one = "1"
ngx.say("made")

--- an error status with a body
ngx.status = 403
ngx.header["content-type"] = "application/json"
ngx.say('{"a":1}')
ngx.exit(403)

--- exit ends it
ngx.say("before")
ngx.exit(200)
ngx.say("after")

--- exit with another status after something was printed
ngx.say("before")
ngx.exit(404)

--- what is not ours does not come once something is printed
ngx.say("mine")
-- in log
note(ngx.status)

--- HEAD has no body
-- HEAD /x
ngx.header.x_one = "1"
ngx.say("nothing")

--- eof ends the response, not the handler
ngx.say("all")
note(ngx.eof())
note("still here")

--- send_headers
ngx.status = 202
note(ngx.send_headers())
ngx.print("body")

--- flush before there is anything
note(ngx.flush())
ngx.print("later")

--- in log there is no response
-- in log
try(ngx.say, "x")
try(ngx.print, "x")
try(ngx.flush)
try(ngx.eof)
try(ngx.send_headers)
try(ngx.exit, 200)
try(ngx.redirect, "/")

--- nor in header_filter
-- in header_filter
try(ngx.say, "x")
try(ngx.print, "x")
try(ngx.flush)
try(ngx.eof)
try(ngx.send_headers)
try(ngx.redirect, "/")

--- nor in body_filter
-- in body_filter
if not ngx.arg[2] then
	return
end
try(ngx.say, "x")
try(ngx.print, "x")
try(ngx.redirect, "/")
try(ngx.exit, 200)
