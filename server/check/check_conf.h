/* check_conf.h - whether a file is a conf of a plugin. */
#ifndef SERVER_CHECK_CHECK_CONF_H
#define SERVER_CHECK_CHECK_CONF_H

#include <jansson.h>

struct err;
struct plugin;
struct report;

/* Owned. -E_IO, -E_CONF when the file is no JSON object. */
int check_conf_read(const char *path, json_t **ret_conf, struct err *err);
/* A line for each fault of `conf`, which is `path`'s, or one that it is good. -E_NOMEM. */
int check_conf(struct report *report, struct plugin *plugin, const char *path, const json_t *conf,
	       struct err *err);

#endif
