-- kong.db.schema.typedefs: the ready-made field definitions that plugin schemas use.
--
-- To add a typedef, add a row to the group it belongs to. Used plain or called with overrides.

local Schema = require "kong.db.schema"
local constants = require "kong.constants"
local http_tools = require "kong.tools.http"
local null = require "outrigger.null"
local validators = require "outrigger.validators"

local typedefs = {}

local function define(name, definition)
	typedefs[name] = Schema.define(definition)
end

local function string_type(name, validator, description)
	define(name, { type = "string", custom_validator = validator, description = description })
end

-- Strings that a function checks.
string_type("host", validators.host, "Host name or IP address, without a port.")
string_type("redis_host", validators.host, "Host name or IP address of the Redis server.")
string_type("host_with_optional_port", validators.host_with_optional_port,
	"Host name or IP address, with or without a port.")
string_type("wildcard_host", validators.wildcard_host, "Host name, may begin or end with one *.")
string_type("sni", validators.sni, "Server name that TLS announces (SNI).")
string_type("redis_server_name", validators.sni, "Server name for TLS to the Redis server (SNI).")
string_type("ip", validators.ip, "IP address, version 4 or 6.")
string_type("ip_or_cidr", validators.ip_or_cidr, "IP address or CIDR range, version 4 or 6.")
string_type("cidr_v4", validators.ip_or_cidr_v4, "IPv4 address or CIDR range.")
string_type("url", validators.url, "URL with scheme and host.")
string_type("cookie_name", http_tools.validate_cookie_name, "Name of a cookie, an HTTP token.")
string_type("header_name", http_tools.validate_header_name, "Name of an HTTP header.")
string_type("certificate", validators.certificate, "X.509 certificate as PEM text.")
string_type("key", validators.key, "Public or private key as PEM text.")
string_type("capability", nil, "Name of an RPC capability.")
typedefs.cidr = typedefs.cidr_v4

define("http_method", { type = "string", match = "^%u+$",
	description = "HTTP method in upper case, such as GET." })
define("path", { type = "string", starts_with = "/",
	match_none = { { pattern = "//", err = "must not have empty segments" } },
	custom_validator = validators.path,
	description = "URL path that begins with / and has no empty segment." })
define("semantic_version", { type = "string",
	match_any = {
		patterns = { "^%d+[%.%d]*$", "^%d+[%.%d]*%-?.*$" },
		err = "invalid version number: must be in format of X.Y.Z",
	},
	match_none = { { pattern = "%.%.", err = "must not have empty version segments" } },
	description = "Version number X.Y.Z, may be followed by a hyphen and a build name." })
define("lua_code", { type = "map", keys = { type = "string", len_min = 1 },
	values = { type = "string", len_min = 1,
		custom_validator = validators.lua_code },
	description = "Lua code by the name of its phase or field." })

-- Numbers.
define("port", { type = "integer", between = { 0, 65535 },
	description = "Port number, 0 to 65535." })
define("timeout", { type = "integer", between = { 0, 2147483646 },
	description = "Time limit in milliseconds, 0 to 2^31-2." })
define("ttl", { type = "number", between = { 0, constants.DATABASE.DAO_MAX_TTL },
	description = "Lifetime in seconds." })

-- Identity of entities.
define("uuid", { type = "string", uuid = true, auto = true,
	description = "UUID in lower case, made up when absent." })
define("auto_timestamp_s", { type = "integer", timestamp = true, auto = true,
	description = "Unix time in seconds, set by itself." })
define("auto_timestamp_ms", { type = "number", timestamp = true, auto = true,
	description = "Unix time in seconds with milliseconds, set by itself." })
define("name", { type = "string", unique = true, custom_validator = validators.name,
	description = "Unique name in ASCII." })
define("utf8_name", { type = "string", unique = true, custom_validator = validators.utf8_name,
	description = "Unique name in UTF-8." })
define("tag", { type = "string", required = true, custom_validator = validators.tag,
	description = "Tag without comma and slash." })
define("tags", { type = "set", elements = typedefs.tag,
	description = "Tags to group entities by." })

-- What a plugin may not be configured on.
local function no_entity(name, reference)
	define(name, { type = "foreign", reference = reference, eq = null,
		description = "Must be null: not for one of the " .. reference .. "." })
end
no_entity("no_route", "routes")
no_entity("no_service", "services")
no_entity("no_consumer", "consumers")

-- Protocols.
local HTTP_PROTOCOLS = { "grpc", "grpcs", "http", "https" }
define("protocol", { type = "string", one_of = constants.PROTOCOLS,
	description = "Protocol that the gateway speaks with clients." })
define("protocols", { type = "set", required = true, default = HTTP_PROTOCOLS,
	elements = typedefs.protocol, description = "Protocols for which the plugin runs." })
define("protocols_http", { type = "set", required = true, default = HTTP_PROTOCOLS,
	elements = { type = "string", one_of = HTTP_PROTOCOLS },
	description = "HTTP protocols for which the plugin runs." })

-- Matching of routes. Each has a no_ form that must be null.
local function matcher(name, definition, no_name)
	define(name, definition)
	define(no_name, typedefs[name] { eq = null, description = "Must be null: not matched on." })
end

local function endpoints(description)
	return { type = "set", description = description,
		elements = { type = "record",
			fields = { { ip = typedefs.ip_or_cidr }, { port = typedefs.port } },
			entity_checks = { { at_least_one_of = { "ip", "port" } } } } }
end

define("router_path", { type = "string",
	match_any = { patterns = { "^/", "^~/" },
		err = "should start with: / (fixed path) or ~/ (regex path)" },
	match_none = { { pattern = "//", err = "must not have empty segments" } },
	custom_validator = validators.router_path,
	description = "Path of a route: /fixed or ~/regex." })
matcher("router_paths", { type = "array", elements = typedefs.router_path,
	description = "Paths of a route." }, "no_paths")
matcher("sources", endpoints("Client addresses and ports."), "no_sources")
matcher("destinations", endpoints("Destination addresses and ports."), "no_destinations")
matcher("methods", { type = "set", elements = typedefs.http_method,
	description = "HTTP methods in upper case." }, "no_methods")
matcher("headers", { type = "map", keys = typedefs.header_name,
	values = { type = "array", elements = { type = "string" } },
	description = "Lists of values by header name." }, "no_headers")
matcher("hosts", { type = "array",
	elements = { type = "string",
		match_all = { { pattern = "^[^*]*%*?[^*]*$",
			err = "invalid wildcard: must have at most one wildcard" } },
		match_any = { patterns = { "^%*%.", "%.%*$", "^[^*]*$" },
			err = "invalid wildcard: must be placed at leftmost or rightmost label" },
		custom_validator = validators.host_with_wildcards },
	description = "Host names, each may have one * label at an end." }, "no_hosts")

-- Keys.
define("pem", { type = "record", required = false,
	fields = {
		{ private_key = { type = "string", required = false, referenceable = true,
			encrypted = true } },
		{ public_key = { type = "string", required = false, referenceable = true } },
	},
	entity_checks = { { at_least_one_of = { "private_key", "public_key" } } },
	custom_validator = validators.key_pair,
	description = "Pair of keys as PEM text." })

local JWK_MEMBERS = "issuer kty use key_ops alg kid x5u x5c x5t x5t#S256 k x y crv n e d p q dp " ..
	"dq qi oth r t"
local JWK_LISTS = { key_ops = true, x5c = true }

local function jwk_fields()
	local fields = {}
	for name in JWK_MEMBERS:gmatch("%S+") do
		local field = { type = "string", required = name == "kid" }
		if JWK_LISTS[name] then
			field.type, field.elements = "array", { type = "string", required = false }
		end
		fields[#fields + 1] = { [name] = field }
	end
	return fields
end

define("jwk", { type = "record", required = false, fields = jwk_fields(),
	description = "JSON Web Key (JWK)." })

-- Settings of modules.
typedefs.queue = require "kong.tools.queue_schema"
typedefs.propagation = require "kong.observability.tracing.propagation.schema"

return setmetatable(typedefs, {
	__index = function(_, name)
		error("schema typedef error: definition " .. tostring(name) .. " does not exist", 2)
	end,
})
