-- hello-header: greets the caller, by the name in a request header, in a response header.

local HelloHeader = {
	PRIORITY = 1000,
	VERSION = "1.0.0",
}

function HelloHeader:access(conf)
	local name = kong.request.get_header(conf.request_header) or "stranger"
	kong.response.set_header(conf.response_header, conf.greeting .. " " .. name)
end

return HelloHeader
