-- kong.observability.tracing.request_id: the id that the gateway gave the request.

local request_id = {}

function request_id.get()
	return kong.nginx.get_var("kong_request_id")
end

return request_id
