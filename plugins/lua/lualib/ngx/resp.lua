-- ngx.resp: adds to headers that are there.

return { version = "0.1.28", add_header = function(name, value)
	kong.response.add_header(name, type(value) == "table" and value or tostring(value))
end }
