local typedefs = require "kong.db.schema.typedefs"

return {
	name = "rock-sample",
	fields = {
		{ protocols = typedefs.protocols_http },
		{ config = {
			type = "record",
			fields = {
				{ value = { type = "string", required = true, default = "installed" } },
			},
		} },
	},
}
