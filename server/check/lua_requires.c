#include "server/check/lua_requires.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "server/config/kong_names.h"

/* ---- require in a text ---- */

static bool is_name_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* Behind the word require: the name in quotes, also as pcall(require, "name"). */
static const char *read_name(const char *at, struct lua_require *ret)
{
	char quote;

	at = skip_blanks(at);
	if (*at == '(' || *at == ',')
		at = skip_blanks(at + 1);
	quote = *at;
	if (quote != '"' && quote != '\'')
		return NULL;
	ret->name = at + 1;
	ret->n = strcspn(ret->name, "\"'\n");
	if (ret->n == 0 || ret->name[ret->n] != quote)
		return NULL;
	at = ret->name + ret->n + 1;
	ret->is_part = strncmp(skip_blanks(at), "..", 2) == 0;
	return at;
}

const char *lua_requires_next(const char *text, struct lua_require *ret)
{
	static const char word[] = "require";
	const char *at = text, *end;

	while ((at = strstr(at, word)) != NULL) {
		bool begins = at == text || !is_name_letter(at[-1]);

		at += sizeof(word) - 1;
		end = begins && !is_name_letter(*at) ? read_name(at, ret) : NULL;
		if (end != NULL)
			return end;
	}
	return NULL;
}

/* ---- what the gateway has ---- */

/* The first parts of names. Kong's rockspec and OpenResty's lualib at 3.9.1. */
static const char *const first_parts[] = {
	"argparse",  "bit",       "cjson",  "coroutine",     "date",    "debug",
	"ffi",       "inspect",   "io",     "jit",           "kong",    "lfs",
	"loadkit",   "logging",   "lpeg",   "lpeg_patterns", "lsyslog", "ltn12",
	"luarocks",  "lua_pack",  "luaxml", "lyaml",         "math",    "mime",
	"multipart", "net",       "ngx",    "openssl",       "os",      "package",
	"pb",        "pgmoon",    "pl",     "prometheus",    "protoc",  "redis",
	"sandbox",   "say",       "socket", "ssl",           "string",  "table",
	"term",      "tablepool", "thread", "version",       "xmlua",   "utf8",
};

/* The second ones of resty.*. */
static const char *const resty_parts[] = {
	"acme",     "ada",    "aes",          "aws",         "core",        "counter",  "dns",
	"events",   "evp",    "gcp",          "healthcheck", "hmac",        "http",     "ipmatcher",
	"jit-uuid", "jwt",    "kong",         "limit",       "ljsonschema", "lmdb",     "lock",
	"lrucache", "md5",    "memcached",    "mlcache",     "mysql",       "openssl",  "passwdqc",
	"protobuf", "random", "rediscluster", "redis",       "router",      "session",  "sha",
	"sha1",     "sha224", "sha256",       "sha384",      "sha512",      "shell",    "signal",
	"simdjson", "snappy", "string",       "timerng",     "upload",      "upstream", "websocket",
	"worker",
};

static bool is_one_of(const char *const *names, size_t count, const char *word, size_t n)
{
	for (size_t i = 0; i < count; i++) {
		if (strlen(names[i]) == n && memcmp(names[i], word, n) == 0)
			return true;
	}
	return false;
}

/* kong.plugins.NAME.part: whether NAME comes with the gateway. */
static bool is_bundled_plugins(const char *name, size_t n)
{
	char *plugin = strndup(name, n);
	bool is_bundled;

	if (plugin == NULL)
		return false;
	plugin[strcspn(plugin, ".")] = '\0';
	is_bundled = kong_is_bundled(plugin);
	free(plugin);
	return is_bundled;
}

bool lua_requires_is_gateways(const char *name, size_t n)
{
	static const char plugins[] = "kong.plugins.";
	size_t first = strcspn(name, ".\"'"), skip = sizeof(plugins) - 1;

	if (first > n)
		first = n;
	if (n > skip && memcmp(name, plugins, skip) == 0)
		return is_bundled_plugins(name + skip, n - skip);
	if (first == 5 && memcmp(name, "resty", 5) == 0 && n > 6)
		return is_one_of(resty_parts, sizeof(resty_parts) / sizeof(resty_parts[0]),
				 name + 6, strcspn(name + 6, ".\"'"));
	return is_one_of(first_parts, sizeof(first_parts) / sizeof(first_parts[0]), name, first);
}
