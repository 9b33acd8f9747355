/* check_conf.h - whether a file is a conf of a plugin. */
#ifndef SERVER_CHECK_CHECK_CONF_H
#define SERVER_CHECK_CHECK_CONF_H

struct err;
struct plugin;
struct report;

/* A line for each fault of the conf in the file, or one that it is good. -E_IO, -E_CONF when the file is no
 * JSON object, -E_NOMEM. */
int check_conf(struct report *report, struct plugin *plugin, const char *path, struct err *err);

#endif
