#include "server/config/config_dicts.h"
#include <stdio.h>
#include <string.h>
#include "plugins/shared/dict_set.h"
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/config_value.h"

#define MEGABYTE ((size_t)1 << 20)
#define BLANKS " \t"
#define NAME_SIZE 160
#define SIZE_SIZE 32

/* As the gateway makes them for its plugins; 0 is mem_cache_size. */
static const struct {
	const char *name;
	size_t megabytes;
} own[] = {
	{"kong", 5},
	{"kong_locks", 8},
	{"kong_healthchecks", 5},
	{"kong_cluster_events", 5},
	{"kong_rate_limiting_counters", 12},
	{"kong_core_db_cache", 0},
	{"kong_core_db_cache_miss", 12},
	{"kong_db_cache", 0},
	{"kong_db_cache_miss", 12},
	{"kong_secrets", 5},
	{"prometheus_metrics", 5},
};

static int add_own(const struct config *config, struct dict_set *set, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(own) / sizeof(own[0]); i++)
		rc = dict_set_add(set, own[i].name,
				  own[i].megabytes > 0 ? own[i].megabytes * MEGABYTE
						       : config->mem_cache_size,
				  err);
	return rc;
}

/* "NAME SIZE", also with the directive's name in front, as texts that are put into nginx' configuration have it. */
static int add_item(struct dict_set *set, const char *item, struct err *err)
{
	char word[NAME_SIZE] = "", name[NAME_SIZE] = "", size[SIZE_SIZE] = "", more[2] = "";
	size_t bytes;
	int rc;

	if (sscanf(item, "%159s", word) == 1 && strcmp(word, "lua_shared_dict") == 0)
		item = strstr(item, word) + strlen(word);
	if (sscanf(item, "%159s %31s %1s", name, size, more) != 2)
		return err_set(err, E_CONF, "'%s': a shared dictionary is NAME SIZE", item);
	rc = value_parse_size(size, &bytes, err);
	return rc == 0 ? dict_set_add(set, name, bytes, err) : rc;
}

static int add_listed(const char *list, struct dict_set *set, struct err *err)
{
	int rc = 0;

	while (rc == 0 && *list != '\0') {
		char item[2 * NAME_SIZE];
		size_t n = strcspn(list, ",;");

		if (n >= sizeof(item))
			return err_set(err, E_CONF, "a shared dictionary is NAME SIZE");
		memcpy(item, list, n);
		item[n] = '\0';
		if (strspn(item, BLANKS) < n)
			rc = add_item(set, item, err);
		list += n + (list[n] != '\0');
	}
	return rc;
}

int config_dicts_list(const struct config *config, struct dict_set *set, struct err *err)
{
	int rc = add_own(config, set, err);

	if (rc == 0 && config->shared_dicts != NULL)
		rc = add_listed(config->shared_dicts, set, err);
	return rc == 0 ? 0 : err_prefix(err, rc, "nginx_http_lua_shared_dict");
}

int config_dicts_open(const struct config *config, int fd, struct dict_set *set, struct err *err)
{
	int rc;

	dict_set_init(set);
	rc = config_dicts_list(config, set, err);
	if (rc == 0)
		rc = dict_set_open(set, fd, err);
	if (rc != 0)
		dict_set_fini(set);
	return rc;
}
