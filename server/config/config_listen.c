#include "server/config/config_listen.h"
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/settings.h"

#define PORT_MAX 65535

static int no_address(const char *text, struct err *err)
{
	return err_set(err, E_CONF,
		       "\"%s\" is no address: write off, or ADDRESS:PORT with numbers, as "
		       "127.0.0.1:9107 or [::]:9107",
		       text);
}

/* The library takes the lower 16 bits of whatever is a number. */
static bool is_port(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n <= 5 && text[n] == '\0' && strtoul(text, NULL, 10) <= PORT_MAX;
}

/* host is changed. 0, or -1. */
static int resolve(char *host, const char *port, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	size_t n = strlen(host);
	struct addrinfo *found = NULL;

	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		host++;
	}
	if (n == 0 || getaddrinfo(host, port, &hints, &found) != 0)
		return -1;
	memcpy(ret, found->ai_addr, found->ai_addrlen);
	*ret_len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

int config_listen_parse(const char *text, struct sockaddr_storage *ret, socklen_t *ret_len,
			struct err *err)
{
	char *host = strdup(text);
	char *colon = host != NULL ? strrchr(host, ':') : NULL;
	int rc = 0;

	if (host == NULL)
		return err_set(err, E_NOMEM, "no memory for an address");
	if (colon != NULL)
		*colon = '\0';
	if (colon != NULL && !is_port(colon + 1))
		rc = err_set(err, E_CONF, "\"%s\": \"%s\" is no port: write a number from 0 to %d",
			     text, colon + 1, PORT_MAX);
	else if (colon == NULL || resolve(host, colon + 1, ret, ret_len) != 0)
		rc = no_address(text, err);
	free(host);
	return rc;
}

/* A path, though the current folder may have files of any name. */
static int check_admin(const char *text, struct err *err)
{
	if (strchr(text, '/') != NULL || strchr(text, ':') == NULL)
		return 0;
	return err_set(
		err, E_CONF,
		"\"%s\" is no path: it is a Unix socket, or off; status_listen is for an address "
		"and a port",
		text);
}

static int check_status(const char *text, struct err *err)
{
	struct sockaddr_storage address;
	socklen_t len;

	return strcmp(text, "off") != 0 ? config_listen_parse(text, &address, &len, err) : 0;
}

int config_listen_check(const struct config *config, struct err *err)
{
	static const struct {
		const char *key;
		int (*check)(const char *text, struct err *err);
	} keys[] = {{"status_listen", check_status}, {"admin_listen", check_admin}};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct setting *setting = settings_find(config->settings, keys[i].key);

		if (setting == NULL || *setting_value(setting) == '\0')
			continue;
		rc = keys[i].check(setting_value(setting), err);
		if (rc != 0)
			rc = err_prefix(err, rc, "%s", setting_origin(setting));
	}
	return rc;
}
