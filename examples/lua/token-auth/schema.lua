local typedefs = require "kong.db.schema.typedefs"

return {
	name = "token-auth",
	fields = {
		{ consumer = typedefs.no_consumer },
		{ protocols = typedefs.protocols_http },
		{ config = {
			type = "record",
			fields = {
				{ tokens = {
					type = "array",
					required = true,
					len_min = 1,
					elements = { type = "string", referenceable = true },
					description = "Tokens of which a request must carry one.",
				} },
				{ header = typedefs.header_name({
					required = true,
					default = "X-Token",
					description = "Request header with the token.",
				}) },
				{ hide_credentials = {
					type = "boolean",
					required = true,
					default = true,
					description = "Keep the token from the upstream service.",
				} },
				{ consumer = {
					type = "string",
					description = "Username of the consumer whom the tokens belong to.",
				} },
			},
		} },
	},
}
