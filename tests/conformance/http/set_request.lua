-- ngx.req, as it is changed: what the upstream gets.

--- headers
-- X-One: 1
-- X-Two: 2
-- X-Three: 3
note(ngx.req.set_header("X-One", "new"))
ngx.req.set_header("x-two", { "a", "b" })
note(ngx.req.clear_header("X-Three"))
ngx.req.set_header("X-Number", 5)
ngx.req.set_header("X-True", true)
ngx.req.set_header("X_Four", "4")
ngx.req.set_header("X-Five", "5")
ngx.req.set_header("X-Five", nil)
ngx.req.set_header("X-Six", {})
ngx.req.clear_header("X-Nothing")
note(ngx.req.get_headers()["x-one"], ngx.req.get_headers()["x-two"], ngx.req.get_headers()["x-three"])

--- headers are added
-- X-One: 1
local req = require "ngx.req"
note(req.add_header("X-One", "2"))
req.add_header("X-One", { "3", 4 })
req.add_header("X-New", "n")
note(ngx.req.get_headers()["x-one"], ngx.req.get_headers()["x-new"])

--- an odd value
ngx.req.set_header("X-Line", "a\r\nX-Evil: 1")
note(ngx.req.get_headers()["x-line"], ngx.req.get_headers()["x-evil"])

--- headers: what is refused
local req = require "ngx.req"
try(ngx.req.set_header)
try(ngx.req.set_header, nil, "x")
try(req.add_header)
try(req.add_header, "X-One")
try(req.add_header, "X-One", {})
try(req.add_header, nil, "x")

--- an empty value
-- X-One: 1
ngx.req.set_header("X-One", "")
note(ngx.req.get_headers()["x-one"])

--- the content type
-- POST /
-- Content-Type: text/plain
-- > body
ngx.req.set_header("Content-Type", "application/json")

--- the method
note(ngx.req.set_method(ngx.HTTP_PUT))
note(ngx.req.get_method())

--- each method
ngx.req.set_method(ngx.HTTP_OPTIONS)

--- PATCH
ngx.req.set_method(ngx.HTTP_PATCH)

--- the method: what is refused
try(ngx.req.set_method)
try(ngx.req.set_method, "PUT")
try(ngx.req.set_method, 3)
try(ngx.req.set_method, 0)

--- the path
-- GET /old?a=1
note(ngx.req.set_uri("/new/path"))

--- a path, without a jump
ngx.req.set_uri("/new", false)

--- a path with blanks and more
-- GET /old?a=1
ngx.req.set_uri("/new path/\195\164?b=%20")

--- the path: what is refused
try(ngx.req.set_uri)
try(ngx.req.set_uri, "")
try(ngx.req.set_uri, nil)
try(ngx.req.set_uri, {})
try(ngx.req.set_uri, "/x", "y")
try(ngx.req.set_uri, "/a\nb")
try(ngx.req.set_uri, "/a", false, false, 1)

--- the query as a table
-- GET /old?a=1
note(ngx.req.set_uri_args({ b = "two words" }))

--- the query with lists and more
-- GET /old?a=1
ngx.req.set_uri_args({ b = { "x", "y/&" } })

--- the query with what is true
-- GET /old?a=1
ngx.req.set_uri_args({ b = true })

--- the query as a text
-- GET /old?a=1
ngx.req.set_uri_args("b=1&c=%20d")

--- the query as a number
-- GET /old?a=1
ngx.req.set_uri_args(42)

--- no query any more
-- GET /old?a=1
ngx.req.set_uri_args("")

--- no query by a table
-- GET /old?a=1
ngx.req.set_uri_args({})

--- what was set is read
-- GET /old?a=1
ngx.req.set_uri_args("b=2")
note(ngx.req.get_uri_args())

--- the query: what is refused
try(ngx.req.set_uri_args)
try(ngx.req.set_uri_args, nil)
try(ngx.req.set_uri_args, true)
try(ngx.req.set_uri_args, print)

--- the body
-- POST /
-- > old
ngx.req.read_body()
note(ngx.req.set_body_data("new body"))
note(ngx.req.get_body_data())

--- a body where there was none
-- POST /
ngx.req.read_body()
ngx.req.set_body_data("new body")

--- an empty body
-- POST /
-- > old
ngx.req.read_body()
ngx.req.set_body_data("")

--- a body that is a number
-- POST /
-- > old
ngx.req.read_body()
ngx.req.set_body_data(42)

--- the body: what is refused
-- POST /
-- > old
ngx.req.read_body()
try(ngx.req.set_body_data)
try(ngx.req.set_body_data, nil)
try(ngx.req.set_body_data, {})
