/* kong_conf_file.h - the gateway's own configuration: kong.conf and KONG_* of the environment. */
#ifndef SERVER_CONFIG_KONG_CONF_FILE_H
#define SERVER_CONFIG_KONG_CONF_FILE_H
#include <jansson.h>
#include <stddef.h>

struct err;

/* One of pluginserver_names. Texts are owned; commands may be NULL. */
struct kong_server {
	char *name;      /* lower case, as the gateway uses it */
	char *directive; /* the NAME of pluginserver_NAME_* */
	char *socket;    /* made absolute */
	char *start_cmd; /* what the gateway would run, its default included */
	char *query_cmd;
};

struct kong_conf {
	json_t *values;      /* key -> text */
	char *path;          /* of the file */
	char *prefix;        /* made absolute */
	const char *bin_dir; /* where the gateway looks for default commands; borrowed */
	unsigned version;    /* 309 = 3.9; rules differ */
	struct kong_server *servers;
	size_t server_count;
};

/* What is to be read. Borrowed texts. */
struct kong_conf_source {
	const char *path;
	char *const *environment; /* as environ(7) */
	const char *bin_dir;
	unsigned version;
};

/* Reads it as the gateway does. -E_IO, -E_CONF, -E_NOMEM. */
int kong_conf_init(struct kong_conf *conf, const struct kong_conf_source *source, struct err *err);
void kong_conf_fini(struct kong_conf *conf);
/* NULL where it is not set, or empty. Borrows `conf`. */
const char *kong_conf_get(const struct kong_conf *conf, const char *key);

#endif
