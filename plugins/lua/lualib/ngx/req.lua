-- ngx.req: adds to headers that are there.

return { version = "0.1.28", add_header = function(name, value)
	for _, item in ipairs(type(value) == "table" and value or { value }) do
		kong.service.request.add_header(name, tostring(item))
	end
end }
