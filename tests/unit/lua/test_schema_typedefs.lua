-- Every typedef exists, takes overrides, and survives the dump; the modules beside them load.

local null = newproxy()
_G.ngx = { null = null, re = { find = function(_, regex)
	return nil, nil, regex == "(" and "missing )" or nil
end } }

local check = require "check"
local json_encode = require "outrigger.json_encode"
local schema_dump = require "outrigger.schema_dump"
local typedefs = require "kong.db.schema.typedefs"

local NAMES = [[auto_timestamp_ms auto_timestamp_s capability certificate cidr cidr_v4 cookie_name
	destinations header_name headers host host_with_optional_port hosts http_method ip ip_or_cidr
	jwk key lua_code methods name no_consumer no_destinations no_headers no_hosts no_methods
	no_paths no_route no_service no_sources path pem port propagation protocol protocols
	protocols_http queue redis_host redis_server_name router_path router_paths semantic_version
	sni sources tag tags timeout ttl url utf8_name uuid wildcard_host]]

for name in NAMES:gmatch("%S+") do
	local schema = { name = "p", fields = { { config = { type = "record",
		fields = { { a = typedefs[name] }, { b = typedefs[name]({ err = "no" }) } } } } } }
	local plain, notes = schema_dump.dump(schema, "p")
	if check.truthy(plain, name .. " is dumped: " .. tostring(notes)) then
		local fields = plain.fields[1].config.fields
		check.equal(fields[1].a.type, typedefs[name].type, name .. " keeps its type")
		check.equal(fields[2].b.err, "no", name .. " takes overrides")
		check.truthy(json_encode.encode(plain), name .. " is JSON")
	end
end

check.raises(function()
	return typedefs.colour
end, "schema typedef error: definition colour does not exist", "an unknown typedef")

-- Overrides fill in what is absent and leave the typedef as it is.
local port = typedefs.port({ default = 0, between = false })
check.equal(port.type, "integer", "type from the typedef")
check.equal(port.between, false, "an override of false stays")
check.equal(typedefs.port.default, nil, "the typedef is unchanged")
check.equal(typedefs.no_route.eq, null, "no_route must be null")
check.equal(typedefs.timeout.between[2], 2 ^ 31 - 2, "largest timeout")
check.equal(table.concat(typedefs.protocols.default, " "), "grpc grpcs http https", "protocols")

-- Validators: the value and the text expected, or true.
local VALUES = {
	host = { { "example.com" }, { "1.2.3.4" }, { "::1" }, { "a.b:80", "must not have a port" },
		{ "a b", "invalid value: a b" }, { "a:99999", "must not have a port" },
		{ "1.2.3.256", "invalid value: 1.2.3.256" } },
	host_with_optional_port = { { "a.b:80" }, { "[::1]:80" }, { "a..b", "invalid hostname: a..b" } },
	wildcard_host = { { "*.a.b" }, { "a.*" }, { "*.*", "only one wildcard must be specified" },
		{ "a.*.b", "wildcard must be leftmost or rightmost character" } },
	sni = { { "a.b" }, { "1.2.3.4", "must not be an IP" } },
	ip = { { "1.2.3.4" }, { "2001:db8::1" }, { "::" }, { "::ffff:1.2.3.4" },
		{ "1::2::3", "not an ip address: 1::2::3" }, { "a.b", "not an ip address: a.b" } },
	ip_or_cidr = { { "10.0.0.0/8" }, { "fe80::/10" },
		{ "10.0.0.0/33", "invalid ip or cidr range: '10.0.0.0/33'" } },
	cidr_v4 = { { "10.0.0.0/8" }, { "10.0.0.1" }, { "::/0", "invalid ipv4 cidr range: '::/0'" } },
	path = { { "/a/b%20c" }, { "/a b", "invalid path: '/a b' (characters outside of the reserved " ..
		"list of RFC 3986 found)" }, { "/%zz", "invalid url-encoded value: '%zz'" } },
	router_path = { { "/a" }, { "~/a[b]" },
		{ "~(", "invalid regex: '(' (PCRE returned: missing ))" } },
	url = { { "http://a.b/c" }, { "http://u:p@a:80?x" }, { "//a", "missing scheme in url" },
		{ "http:a", "missing host in url" } },
	header_name = { { "X-Y_1" }, { "a b", "bad header name 'a b', allowed characters are A-Z, " ..
		"a-z, 0-9, '_', and '-'" } },
	name = { { "a.b-c_d~" }, { "a b", "invalid value 'a b': it must only contain alphanumeric " ..
		"and '., -, _, ~' characters" } },
	utf8_name = { { "\195\188" }, { "\195",
		"invalid utf-8 character sequence detected at position 1" } },
	tag = { { "a b" }, { "a,b", "invalid tag 'a,b': expected printable ascii (except `,` and `/`) " ..
		"or valid utf-8 sequences" } },
}

for name, rows in pairs(VALUES) do
	for _, row in ipairs(rows) do
		local ok, err = typedefs[name].custom_validator(row[1])
		check.equal(not ok, row[2] ~= nil, name .. " of " .. row[1])
		check.equal(err, row[2], name .. " of " .. row[1])
	end
end

-- Modules that schemas and handlers require while they load.
local redis = require("kong.tools.redis.schema").config_schema
check.equal(#redis.fields, 9, "fields of the Redis settings")
check.equal(redis.fields[2].port.default, 6379, "port of Redis")
check.equal(require("kong.meta").version, "3.9.1", "version of the plugin interface")
local constants = require "kong.constants"
check.equal(constants.HEADERS.CONSUMER_ID, "X-Consumer-ID", "a header")
check.equal(constants.LOG_LEVELS[6], "notice", "a log level by number")
check.equal(constants.LOG_LEVELS.notice, 6, "a log level by name")
local is_regex = require("kong.db.schema").validators.is_regex
check.equal(is_regex("("), false, "a bad regex")
check.equal(is_regex("a"), true, "a good regex")
check.equal(#require("kong.tools.rand").get_rand_bytes(32), 32, "random bytes")
check.equal(require("kong.tools.string").strip("  a b \n"), "a b", "strip")

local tools = require "kong.tools.table"
local graph = { list = { 1, 2 } }
graph.self = graph
local copy = tools.cycle_aware_deep_copy(graph)
check.truthy(copy ~= graph and copy.self == copy, "a cycle is copied as a cycle")
check.equal(copy.list[2], 2, "values of a deep copy")
check.truthy(tools.deep_copy({ a = {} }).a, "a deep copy")
check.equal(tools.table_merge({ a = 1 }, { a = 2 }).a, 2, "the second table wins")

check.finish()
