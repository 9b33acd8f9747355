-- Each typedef with values that pass and values that don't; `shape` shows what a typedef is.

return function(tools)
	local null, typedefs = tools.null, tools.typedefs

	local HOSTS = { "example.com", "a", "a.b.", "a_b.c", "a-b", "-a.b", "a-.b", "a..b", ".a", "a.b-", "a b", "",
		"example.com:80", "example.com:99999", "example.com:x", "1.2.3.4", "1.2.3.256", "1.2.3", "1.2.3.4:80",
		"01.02.03.04", "1.2.3.4:99999", "::1", "[::1]", "[::1]:80", "[::1]:99999", "[::1]x", "2001:db8::1",
		"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1::2::3", "::ffff:1.2.3.4", ":::", "fe80::1%eth0", "*.a.b", "a.*",
		"a.*.b", "*", "*.*", "http://a", "a/b", "\195\164.de", "xn--a.de", "127.0.0.1.", "1.2.3.4.5", "12345" }

	local IPS = { "1.2.3.4", "0.0.0.0", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04",
		" 1.2.3.4", "::", "::1", "2001:db8::1", "2001:DB8::A", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "1::2::3",
		"::ffff:1.2.3.4", "::ffff:1.2.3.256", "12345::", "g::", "[::1]", "1.2.3.4/32", "a.b", "x", ":", "1:",
		"::1.2.3", "0:0:0:0:0:0:0:0", "::0001", "1.2.3.4:80" }

	local CIDRS = { "10.0.0.0/8", "10.0.0.0/0", "10.0.0.0/32", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/08", "10.0.0.0/",
		"10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0/8", "::/0", "fe80::/10", "fe80::/128", "fe80::/129", "::1/", "/8",
		"10.0.0.1", "::1", "x/8", "10.0.0.0/8 ", "10.0.0.0/+8", "10.0.0.0/0x8" }

	local PATHS = { "/", "/a", "/a/", "/a/b", "a", "//", "/a//b", "/a b", "/a%20b", "/a%2", "/a%", "/a%zz", "/%41", "/a?b",
		"/a#b", "/-._~!$&'()*+,;=:@", "/\195\164", "/[a]", "/a\\b", "/a/../b", "/a/./b", "/a%2e", "/A-Z", "~/a",
		"~/[a-z]+$", "~a", "~/a%zz", "~/a%20", "~//a", "/a..b", "/.", "/..", "" }

	local NAMES = { "a", "a-b_c.d~e", "a b", "a/b", "\195\164", "\228", "a\226\130\172", "", "a,b", "a:b", "A1", "\240\159\152\128",
		"\192\128", "\237\160\128", "\244\144\128\128", "a\000b", "a\127b" }

	local shown
	shown = function(typedef)
		local result = {}
		for key, value in pairs(typedef) do
			if key == "one_of" then
				result[key] = { unpack(value) }
				table.sort(result[key])
			elseif type(value) == "table" then
				result[key] = shown(value)
			elseif key ~= "description" then
				result[key] = value
			end
		end
		return result
	end

	local UUID = "0f5c1a3e-7a0b-4d6f-9c1d-1234567890ab"

	local function of(name, values)
		return { name, typedefs[name], values }
	end

	local function plugin(field, name)
		return { { [name or "b"] = field } }
	end

	local rows = {
		of("host", HOSTS), of("redis_host", HOSTS), of("host_with_optional_port", HOSTS), of("wildcard_host", HOSTS),
		of("sni", HOSTS), of("redis_server_name", HOSTS),
		of("hosts", { { "a.b" }, { "*.a.b" }, { "a.b.*" }, { "a.*.b" }, { "*.a.*" }, { "*" }, { "a.b:80" }, { "*.a:80" },
			{ "a..b" }, {} }),
		of("ip", IPS), of("ip_or_cidr", IPS), of("cidr_v4", IPS),
		{ "ip_or_cidr of ranges", typedefs.ip_or_cidr, CIDRS }, { "cidr_v4 of ranges", typedefs.cidr_v4, CIDRS },
		{ "cidr of ranges", typedefs.cidr, CIDRS },
		of("path", PATHS), of("router_path", PATHS), of("router_paths", { { "/a", "~/b" }, { "x" } }),
		of("url", { "http://a", "http://a/b?c#d", "https://u:p@a.b:80/c", "a", "http:", "http://", "//a", "http:///a",
			"http://:80", "http://u@", "ftp://x", "1a://b", "-a://b", "http://[::1]:80/", "http://[::1", "a b://c", "localhost:80",
			"http://a b", "?", "http://?", "://a" }),
		of("cookie_name", { "a", "a b", "a=b", "a;b", "\195\164", "a\tb", "A-Z_0.9!#$%&'*+^`|~", "(", "a\127", "{" }),
		of("header_name", { "X-A", "x_a", "a b", "a:b", "a.b", "\195\164", "9", "" }),
		of("http_method", { "GET", "X", "get", "GET1", "G-T" }),
		of("name", NAMES), of("utf8_name", NAMES), of("tag", NAMES), { "tag null", typedefs.tag, { null } },
		of("tags", { { "a", "b", "a" }, { "a,b" }, {} }),
		of("port", { 0, 80, 65535, 65536, -1, 1.5, "80" }), of("timeout", { 0, 2147483646, 2147483647, -1 }),
		of("ttl", { 0, 1e8, 1e8 + 1, -1, 0.5 }), of("uuid", { UUID, "x", null }), of("capability", { "x", "" }),
		of("auto_timestamp_s", { 5, 0, 1.5 }), of("auto_timestamp_ms", { 5, 0, 1.5, -1 }),
		of("no_consumer", { null, { id = UUID } }), of("no_route", { null, { id = UUID } }),
		of("no_service", { null, { id = UUID } }),
		of("protocols_http", { { "http" }, { "http", "grpcs" }, { "tcp" }, {}, null }),
		{ "protocols default", { fields = plugin(typedefs.protocols) }, { {}, { b = { "tcp", "tls_passthrough" } } } },
		{ "protocol", typedefs.protocol, { "http", "https", "grpc", "grpcs", "tcp", "tls", "tls_passthrough", "udp" } },
		of("methods", { { "GET", "PUT" }, { "get" }, null }), of("no_methods", { { "GET" }, null }),
		of("no_hosts", { { "a" }, null }), of("no_paths", { { "/a" }, null }), of("no_headers", { { a = { "b" } }, null }),
		of("no_sources", { { { port = 1 } }, null }), of("no_destinations", { { { port = 1 } }, null }),
		of("headers", { { ["x-a"] = { "b", "c" } }, { ["x-a"] = "b" }, { ["x a"] = { "b" } }, { ["x-a"] = {} } }),
		of("sources", { { { ip = "1.2.3.4", port = 80 } }, { { ip = "1.2.3.0/24" } }, { { port = 80 } }, { {} }, { { ip = "x" } },
			{ { port = 70000 } } }),
		of("destinations", { { { ip = "::1" } }, { {} } }),
		of("semantic_version", { "1", "1.2", "1.2.3", "1.2.3-rc1", "1..2", "a", "1.2.3 x", "-1" }),
		{ "queue", { fields = plugin(typedefs.queue { required = true }) }, { {}, { b = { max_batch_size = 0 } },
			{ b = { max_coalescing_delay = 3601, max_entries = 1.5, concurrency_limit = 2, initial_retry_delay = 0,
				max_retry_delay = 1e7, max_bytes = "x", max_retry_time = -1 } } } },
		{ "propagation", { fields = plugin(typedefs.propagation { required = true }) }, {
			{ b = { default_format = "w3c", extract = { "w3c", "b3" }, clear = { "x-a" }, inject = { "preserve", "b3-single" } } },
			{ b = {} }, { b = { default_format = "w3c", clear = { "x a" } } } } },
		of("pem", { { private_key = "{vault://env/a}", public_key = "x" }, {}, null }),
		of("jwk", { { kty = "RSA" }, { kid = 5 }, { kid = "k", key_ops = "sign" }, { kid = "k", nonsense = 1 }, null }),
	}
	for _, name in ipairs({ "auto_timestamp_ms", "auto_timestamp_s", "capability", "certificate", "cookie_name", "destinations",
		"header_name", "headers", "host", "host_with_optional_port", "hosts", "http_method", "ip", "ip_or_cidr", "cidr_v4",
		"key", "lua_code", "methods", "name", "no_consumer", "no_destinations", "no_headers", "no_hosts", "no_methods",
		"no_paths", "no_route", "no_service", "no_sources", "path", "pem", "port", "propagation", "protocols", "protocols_http",
		"queue", "redis_host", "redis_server_name", "router_path", "router_paths", "semantic_version", "sni", "sources", "tag",
		"tags", "timeout", "ttl", "url", "utf8_name", "uuid", "wildcard_host" }) do
		rows[#rows + 1] = { "shape", function(typedef)
			return tools.encode(shown(typedefs[typedef]))
		end, { name }, how = "call" }
	end
	return rows
end
