-- The connection to a Redis server, as a record to put into a plugin's config.

local typedefs = require "kong.db.schema.typedefs"

local function secret(description, more)
	local field = more or {}
	field.type, field.referenceable, field.description = "string", true, description
	return field
end

local function switch(description)
	return { type = "boolean", required = false, default = false, description = description }
end

return {
	config_schema = {
		type = "record",
		description = "Connection to a Redis server.",
		fields = {
			{ host = typedefs.host },
			{ port = typedefs.port({ default = 6379 }) },
			{ timeout = typedefs.timeout({ default = 2000 }) },
			{ username = secret("User name for the Redis server (ACL, Redis 6).") },
			{ password = secret("Password for the Redis server; no AUTH without one.",
				{ encrypted = true, len_min = 0 }) },
			{ database = { type = "integer", default = 0,
				description = "Number of the database on the Redis server." } },
			{ ssl = switch("Use TLS to the Redis server.") },
			{ ssl_verify = switch("Verify the certificate of the Redis server.") },
			{ server_name = typedefs.sni({ required = false }) },
		},
	},
}
