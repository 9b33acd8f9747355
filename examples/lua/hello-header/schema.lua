local typedefs = require "kong.db.schema.typedefs"

return {
	name = "hello-header",
	fields = {
		{ protocols = typedefs.protocols_http },
		{ config = {
			type = "record",
			fields = {
				{ request_header = typedefs.header_name({
					required = true,
					default = "X-Name",
					description = "Request header with the caller's name.",
				}) },
				{ response_header = typedefs.header_name({
					required = true,
					default = "X-Hello",
					description = "Response header for the greeting.",
				}) },
				{ greeting = {
					type = "string",
					required = true,
					default = "hello",
					description = "What stands before the name.",
				} },
			},
		} },
	},
}
