#include "server/config/config_sockets.h"
#include <ares.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/config_value.h"
#include "server/config/settings.h"
#include "server/file.h"

#define BLANKS " \t"

static const struct {
	const char *name;
	int version;
} versions[] = {
	{"TLSv1", TLS1_VERSION},
	{"TLSv1.1", TLS1_1_VERSION},
	{"TLSv1.2", TLS1_2_VERSION},
	{"TLSv1.3", TLS1_3_VERSION},
};

static int find_version(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (strlen(versions[i].name) == n && memcmp(versions[i].name, name, n) == 0)
			return versions[i].version;
	return 0;
}

int config_sockets_versions(const char *names, int *ret_first, int *ret_last, struct err *err)
{
	int first = 0, last = 0;

	for (names += strspn(names, BLANKS); *names != '\0'; names += strspn(names, BLANKS)) {
		size_t n = strcspn(names, BLANKS);
		int version = find_version(names, n);

		if (version == 0)
			return err_set(err, E_CONF,
				       "\"%.*s\" is not one of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3",
				       (int)n, names);
		first = first == 0 || version < first ? version : first;
		last = version > last ? version : last;
		names += n;
	}
	if (first == 0)
		return err_set(err, E_CONF, "no version of TLS is named");
	*ret_first = first;
	*ret_last = last;
	return 0;
}

char *config_sockets_servers(const char *list)
{
	char *text = malloc(strlen(list) + 1), *end = text;
	const char *item;
	size_t n;

	if (text == NULL)
		return NULL;
	while (value_next_item(&list, &item, &n)) {
		if (end != text)
			*end++ = ',';
		memcpy(end, item, n);
		end += n;
	}
	*end = '\0';
	return text;
}

static int check_servers(const char *list, struct err *err)
{
	char *servers = config_sockets_servers(list);
	ares_channel channel;
	int rc = -E_NOMEM;

	if (servers != NULL && ares_init(&channel) == ARES_SUCCESS) {
		rc = 0;
		if (ares_set_servers_ports_csv(channel, servers) != ARES_SUCCESS)
			rc = err_set(err, E_CONF,
				     "\"%s\" is no list of ADDRESS or ADDRESS:PORT, with commas",
				     list);
		ares_destroy(channel);
	}
	free(servers);
	return rc;
}

static int say_where(const struct config *config, const char *key, int rc, struct err *err)
{
	const struct setting *setting = settings_find(config->settings, key);

	return rc == 0 || setting == NULL ? rc : err_prefix(err, rc, "%s", setting_origin(setting));
}

int config_sockets_check(const struct config *config, struct err *err)
{
	int first, last;
	int rc = config_sockets_versions(config->lua_ssl_protocols, &first, &last, err);

	if (rc != 0)
		return say_where(config, "lua_ssl_protocols", rc, err);
	if (config->dns_resolver != NULL)
		rc = check_servers(config->dns_resolver, err);
	if (rc != 0)
		return say_where(config, "dns_resolver", rc, err);
	if (config->dns_hostsfile != NULL && !file_exists(config->dns_hostsfile))
		rc = err_set(err, E_CONF, "there is no file %s", config->dns_hostsfile);
	return say_where(config, "dns_hostsfile", rc, err);
}

static int read_trusted(SSL_CTX *tls, const char *path, struct err *err)
{
	if (strcmp(path, "system") == 0)
		return SSL_CTX_set_default_verify_paths(tls) == 1 ? 0 : -E_NOMEM;
	if (SSL_CTX_load_verify_file(tls, path) == 1)
		return 0;
	if (!file_exists(path))
		return err_set(err, E_CONF, "there is no file %s", path);
	return err_set(err, E_CONF, "%s can't be read, or has no certificate in PEM", path);
}

int config_sockets_trust(const struct config *config, SSL_CTX *tls, struct err *err)
{
	const char *list = config->lua_ssl_trusted_certificate, *item;
	int rc = 0;
	size_t n;

	while (rc == 0 && list != NULL && value_next_item(&list, &item, &n)) {
		char *path = strndup(item, n);

		rc = path != NULL ? read_trusted(tls, path, err) : -E_NOMEM;
		free(path);
	}
	ERR_clear_error();
	return say_where(config, "lua_ssl_trusted_certificate", rc, err);
}

/* The system's own are not named by anybody, and to read them takes longer than all else of a start. */
int config_sockets_need_trust(const struct config *config, struct err *err)
{
	const char *list = config->lua_ssl_trusted_certificate;
	SSL_CTX *tls;
	int rc;

	if (list == NULL || strcmp(list, "system") == 0)
		return 0;
	tls = SSL_CTX_new(TLS_client_method());
	rc = tls != NULL ? config_sockets_trust(config, tls, err) : -E_NOMEM;
	SSL_CTX_free(tls);
	return rc;
}
