-- ngx.req, as it is read.

--- method, version, time
note(ngx.req.get_method(), ngx.req.http_version())
note(type(ngx.req.start_time()), ngx.req.start_time() <= ngx.now(), ngx.now() - ngx.req.start_time() < 60)
note(ngx.req.is_internal(), ngx.is_subrequest, ngx.headers_sent)
-- in log
note(type(ngx.req.start_time()), ngx.req.is_internal(), ngx.is_subrequest, ngx.headers_sent)

--- methods
-- DELETE /
note(ngx.req.get_method())

--- an unknown method
-- FROB /
note(ngx.req.get_method())

--- headers
-- GET /
-- X-One: 1
-- X-Two: a
-- X-Two: b
-- X_Under: u
-- X-Empty:
local headers, err = ngx.req.get_headers()
note(headers["x-one"], headers.x_one, headers.X_ONE, headers["X-One"])
note(headers["x-two"], headers["x-empty"], headers["x-nothing"], err)
note(rawget(headers, "X-One"), rawget(headers, "x-one"))
local raw = ngx.req.get_headers(0, true)
note(raw["X-One"], raw["x-one"], raw["X-Two"])
note(getmetatable(raw) == nil, getmetatable(headers) ~= nil)
try(function()
	return headers[1]
end)

--- how many headers
-- X-A: 1
-- X-B: 2
-- X-C: 3
local function count(...)
	local headers, err = ngx.req.get_headers(...)
	local n = 0
	for _ in pairs(headers) do
		n = n + 1
	end
	note(n > 3 and "all" or n, err)
end
count()
count(0)
count(2)
count(1)
count(-1)
count(nil)
try(ngx.req.get_headers, "x")
try(ngx.req.get_headers, {})

--- the query
-- GET /a?a=1&b=two%20words&c&d=&a=2&%C3%A4=x&e+f=g+h&=nameless&a
note(ngx.req.get_uri_args())
note(ngx.req.get_uri_args(2))
note(ngx.req.get_uri_args(1))
note(ngx.req.get_uri_args(0))
note(ngx.req.get_uri_args(-1))
local t = { old = 1 }
note(ngx.req.get_uri_args(0, t) == t, t)
try(ngx.req.get_uri_args, "x")

--- no query
note(ngx.req.get_uri_args())

--- an empty query
-- GET /?
note(ngx.req.get_uri_args())

--- bodies
-- POST /
-- > text
ngx.req.read_body()
note(ngx.req.get_body_data())
note(ngx.req.get_body_file())

--- a form
-- POST /
-- Content-Type: application/x-www-form-urlencoded
-- > a=1&b=two%20words&c&d=&a=2
ngx.req.read_body()
note(ngx.req.get_post_args())
note(ngx.req.get_post_args(2))
note(ngx.req.get_post_args(0))
try(ngx.req.get_post_args, "x")

--- a form that is none
-- POST /
-- Content-Type: application/json
-- > {"a":1}
ngx.req.read_body()
note(ngx.req.get_post_args())

--- no body
-- POST /
note(ngx.req.read_body())
note(ngx.req.get_body_data())
note(ngx.req.get_post_args())

--- no body of a GET
ngx.req.read_body()
note(ngx.req.get_body_data())

--- a body that nobody reads goes on
-- POST /
-- > text
note("nothing")

--- a body that is dropped
-- POST /
-- > text
note(ngx.req.discard_body())
ngx.say("x")

--- what filters and log can read
-- GET /x?a=1
-- X-One: 1
-- in header_filter
note(ngx.req.get_headers().x_one, ngx.req.get_uri_args(), ngx.req.get_method(), ngx.req.http_version())
