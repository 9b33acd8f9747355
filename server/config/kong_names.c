#include "server/config/kong_names.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* kong/constants.lua at 3.9.1. */
static const char *const bundled[] = {
	"acl",
	"acme",
	"ai-prompt-decorator",
	"ai-prompt-guard",
	"ai-prompt-template",
	"ai-proxy",
	"ai-request-transformer",
	"ai-response-transformer",
	"aws-lambda",
	"azure-functions",
	"basic-auth",
	"bot-detection",
	"correlation-id",
	"cors",
	"datadog",
	"file-log",
	"grpc-gateway",
	"grpc-web",
	"hmac-auth",
	"http-log",
	"ip-restriction",
	"jwt",
	"key-auth",
	"ldap-auth",
	"loggly",
	"oauth2",
	"opentelemetry",
	"post-function",
	"pre-function",
	"prometheus",
	"proxy-cache",
	"rate-limiting",
	"redirect",
	"request-size-limiting",
	"request-termination",
	"request-transformer",
	"response-ratelimiting",
	"response-transformer",
	"session",
	"standard-webhooks",
	"statsd",
	"syslog",
	"tcp-log",
	"udp-log",
	"zipkin",
};

bool kong_is_bundled(const char *plugin)
{
	for (size_t i = 0; i < sizeof(bundled) / sizeof(bundled[0]); i++) {
		if (strcmp(bundled[i], plugin) == 0)
			return true;
	}
	return false;
}

static char *map(const char *text, const char *kept)
{
	char *copy = strdup(text);

	for (char *c = copy; c != NULL && *c != '\0'; c++) {
		if (!isalnum((unsigned char)*c) && strchr(kept, *c) == NULL)
			*c = '_';
		*c = (char)tolower((unsigned char)*c);
	}
	return copy;
}

char *kong_server_name(const char *plugin)
{
	return map(plugin, "-_");
}

char *kong_directive(const char *server)
{
	char *copy = strdup(server);

	for (char *c = copy; c != NULL && *c != '\0'; c++)
		*c = *c == '-' ? '_' : (char)tolower((unsigned char)*c);
	return copy;
}

/* Copies `text`, with `by` for each `letter`, between `around` twice. */
static char *replace(const char *text, char letter, const char *by, const char *around)
{
	char *quoted = malloc(strlen(text) * strlen(by) + 2 * strlen(around) + 1);
	char *to = quoted;

	if (quoted == NULL)
		return NULL;
	to = stpcpy(to, around);
	for (; *text != '\0'; text++) {
		if (*text == letter)
			to = stpcpy(to, by);
		else
			*to++ = *text;
	}
	memcpy(to, around, strlen(around) + 1);
	return quoted;
}

char *kong_quote_word(const char *word)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_@%+=:,./-";

	if (word[0] != '\0' && word[strspn(word, safe)] == '\0')
		return strdup(word);
	return replace(word, '\'', "'\\''", "'");
}

char *kong_quote_value(const char *value)
{
	return replace(value, '#', "\\#", "");
}
