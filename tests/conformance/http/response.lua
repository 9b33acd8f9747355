-- ngx.header, ngx.status, ngx.resp.

--- headers before there is a response
ngx.header["X-One"] = "1"
ngx.header.x_two = "2"
ngx.header.x_number = 5
ngx.header.x_list = { "a", 2, true }
ngx.header.x_true = true
ngx.header.x_gone = "x"
ngx.header.x_gone = nil
ngx.header.x_empty = {}
note(ngx.header["X-One"], ngx.header.x_one, ngx.header["x-one"], ngx.header.X_Two, ngx.header["X_Two"])
note(ngx.header.x_number, ngx.header.x_list, ngx.header.x_gone, ngx.header.x_empty, ngx.header.nothing)
note(ngx.header[1])

--- the same, with a body of one's own
ngx.header["X-One"] = "1"
ngx.header.content_type = "text/x"
ngx.header.x_list = { "a", "b" }
ngx.header["Set-Cookie"] = { "a=1", "b=2" }
note(ngx.header.content_type, ngx.header["set-cookie"])
ngx.say("x")

--- a header that is set again
ngx.header.x_one = "1"
ngx.header.x_one = { "2", "3" }
ngx.header.X_ONE = "4"
ngx.say("x")

--- headers are added
local resp = require "ngx.resp"
note(resp.add_header("X-One", "1"))
resp.add_header("X-One", "2")
resp.add_header("x-one", { "3", 4 })
resp.add_header("X-New", 5)
note(ngx.header.x_one, ngx.header.x_new)
ngx.say("x")

--- adding: what is refused
local resp = require "ngx.resp"
try(resp.add_header)
try(resp.add_header, "X-One")
try(resp.add_header, "X-One", {})

--- odd names and values
ngx.header["X-Line"] = "a\r\nX-Evil: 1"
note(ngx.header["X-Line"])
ngx.say("x")

--- the status before there is one
note(ngx.status)
ngx.status = 201
note(ngx.status)

--- the status as a text
ngx.status = "202"
note(ngx.status)
ngx.say("x")

--- the status: what is refused
try(function()
	ngx.status = nil
end)
try(function()
	ngx.status = "x"
end)
try(function()
	ngx.status = {}
end)

--- the response before there is one
ngx.header.x_one = "1"
ngx.header["X-Two"] = { "a", "b" }
local headers = ngx.resp.get_headers()
note(headers.x_one, headers["X-Two"], headers["x-two"], headers.nothing)

--- the upstream's response in header_filter
-- GET /headers?x-mine=1&x_two=2&X-Three=3
-- in header_filter
note(ngx.status, ngx.header.content_type, ngx.header["Content-Type"], ngx.header.x_mine, ngx.header["X-Mine"])
note(ngx.header.X_Three, ngx.header.nothing, ngx.headers_sent)
local headers, err = ngx.resp.get_headers()
note(headers["x-mine"], headers.x_mine, headers["X-Three"], headers["content-type"], err)

--- it is changed there
-- GET /headers?x-mine=1&x_two=2&X-Three=3
-- in header_filter
ngx.status = 202
ngx.header.x_mine = nil
ngx.header.x_three = { "a", "b" }
ngx.header.x_new = "n"
ngx.header.content_type = "text/x"
note(ngx.status, ngx.header.x_mine, ngx.header.x_three, ngx.header.x_new, ngx.header.content_type)

--- another status
-- GET /status/404
-- in header_filter
note(ngx.status)
-- in log
note(ngx.status)

--- how many headers
-- GET /headers?a=1&b=2&c=3
-- in header_filter
note(ngx.resp.get_headers(0).c, ngx.resp.get_headers(-1).c, ngx.resp.get_headers("50").c)
try(ngx.resp.get_headers, "x")
try(ngx.resp.get_headers, {})

--- the body
-- GET /text
-- in body_filter
if ngx.arg[1] ~= "" then
	note(ngx.arg[1], ngx.headers_sent)
	ngx.arg[1] = ngx.arg[1]:upper()
end

--- it all in log
-- GET /headers?x-mine=1
-- in log
note(ngx.status, ngx.header.content_type, ngx.header.x_mine, ngx.resp.get_headers().x_mine, ngx.headers_sent)

--- what was set before the upstream answered
-- GET /headers?x-mine=1
ngx.header.x_mine = "ours"
ngx.header.x_other = "o"
ngx.status = 299
-- in log
note(ngx.status, ngx.header.x_mine, ngx.header.x_other)
