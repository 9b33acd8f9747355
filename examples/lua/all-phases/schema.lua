local typedefs = require "kong.db.schema.typedefs"

return {
	name = "all-phases",
	fields = {
		{ protocols = typedefs.protocols_http },
		{ config = {
			type = "record",
			fields = {
				{ tag = {
					type = "string",
					required = true,
					default = "all",
					description = "Value of the headers, also named in the log line.",
				} },
			},
		} },
	},
}
