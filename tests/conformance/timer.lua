-- What of a request is there in a timer, which has none.

return function(say, try)
	local done = require("ngx.semaphore").new()
	local results = {}

	local function attempt(name, fn, ...)
		local ok, err = pcall(fn, ...)
		results[#results + 1] = { name, ok, ok and "" or tostring(err):gsub("^.-:%d+: ", "") }
	end

	local function field(t, name, ...)
		local has_value, value = select("#", ...) > 0, (...)
		return function()
			if has_value then
				t[name] = value
			end
			return t[name]
		end
	end

	assert(ngx.timer.at(0, function()
		attempt("say", ngx.say, "x")
		attempt("print", ngx.print, "x")
		attempt("flush", ngx.flush)
		attempt("eof", ngx.eof)
		attempt("send_headers", ngx.send_headers)
		attempt("redirect", ngx.redirect, "/")
		attempt("get_method", ngx.req.get_method)
		attempt("get_headers", ngx.req.get_headers)
		attempt("get_uri_args", ngx.req.get_uri_args)
		attempt("read_body", ngx.req.read_body)
		attempt("get_body_data", ngx.req.get_body_data)
		attempt("get_post_args", ngx.req.get_post_args)
		attempt("http_version", ngx.req.http_version)
		attempt("start_time", ngx.req.start_time)
		attempt("set_header", ngx.req.set_header, "x", "y")
		attempt("clear_header", ngx.req.clear_header, "x")
		attempt("set_uri", ngx.req.set_uri, "/")
		attempt("set_uri_args", ngx.req.set_uri_args, "x")
		attempt("set_body_data", ngx.req.set_body_data, "x")
		attempt("resp.get_headers", ngx.resp.get_headers)
		attempt("header", field(ngx.header, "x"))
		attempt("set a header", field(ngx.header, "x", "y"))
		attempt("status", field(ngx, "status"))
		attempt("set status", field(ngx, "status", 200))
		attempt("headers_sent", field(ngx, "headers_sent"))
		attempt("var", field(ngx.var, "uri"))
		attempt("ctx", field(ngx.ctx, "x", 1))
		done:post()
	end))
	say((done:wait(20)))
	for _, result in ipairs(results) do
		say(unpack(result))
	end
	try(ngx.timer.at, 0)

	local reached = "nothing"
	assert(ngx.timer.at(0, function()
		reached = "the exit"
		done:post()
		ngx.exit(ngx.OK)
		reached = "the rest"
	end))
	say((done:wait(20)))
	say(reached)
end
