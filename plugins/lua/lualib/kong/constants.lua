-- kong.constants: the gateway's fixed names and numbers, as far as plugins use them.

local PROTOCOLS_WITH_SUBSYSTEM = {
	http = "http", https = "http", grpc = "http", grpcs = "http",
	tcp = "stream", tls = "stream", tls_passthrough = "stream", udp = "stream",
}

local HEADERS = {
	HOST_OVERRIDE = "X-Host-Override",
	PROXY_LATENCY = "X-Kong-Proxy-Latency",
	RESPONSE_LATENCY = "X-Kong-Response-Latency",
	ADMIN_LATENCY = "X-Kong-Admin-Latency",
	UPSTREAM_LATENCY = "X-Kong-Upstream-Latency",
	UPSTREAM_STATUS = "X-Kong-Upstream-Status",
	CONSUMER_ID = "X-Consumer-ID",
	CONSUMER_CUSTOM_ID = "X-Consumer-Custom-ID",
	CONSUMER_USERNAME = "X-Consumer-Username",
	CREDENTIAL_IDENTIFIER = "X-Credential-Identifier",
	RATELIMIT_LIMIT = "X-RateLimit-Limit",
	RATELIMIT_REMAINING = "X-RateLimit-Remaining",
	CONSUMER_GROUPS = "X-Consumer-Groups",
	AUTHENTICATED_GROUPS = "X-Authenticated-Groups",
	FORWARDED_HOST = "X-Forwarded-Host",
	FORWARDED_PATH = "X-Forwarded-Path",
	FORWARDED_PREFIX = "X-Forwarded-Prefix",
	ANONYMOUS = "X-Anonymous-Consumer",
	REQUEST_ID = "X-Kong-Request-Id",
	VIA = "Via",
	SERVER = "Server",
}

-- nginx's numbers, both ways.
local function log_levels()
	local levels = { debug = 8, info = 7, notice = 6, warn = 5, error = 4, crit = 3, alert = 2,
		emerg = 1 }
	local names = {}
	for name, number in pairs(levels) do
		names[number] = name
	end
	for number, name in pairs(names) do
		levels[number] = name
	end
	return levels
end

return {
	CJSON_MAX_PRECISION = 16,
	HEADERS = HEADERS,
	PROTOCOLS = { "grpc", "grpcs", "http", "https", "tcp", "tls", "tls_passthrough", "udp" },
	PROTOCOLS_WITH_SUBSYSTEM = PROTOCOLS_WITH_SUBSYSTEM,
	DATABASE = { DAO_MAX_TTL = 1e8 },
	RATELIMIT = { PERIODS = { "second", "minute", "hour", "day", "month", "year" } },
	KEY_FORMATS_MAP = { jwk = true, pem = true },
	KEY_FORMATS = { "jwk", "pem" },
	LOG_LEVELS = log_levels(),
	SCHEMA_NAMESPACES = { PROXY_WASM_FILTERS = "proxy-wasm-filters" },
	RESPONSE_SOURCE = {
		TYPES = { ERROR = "error", EXIT = "exit", SERVICE = "service" },
		NAMES = { error = "kong", exit = "kong", service = "upstream" },
	},
}
