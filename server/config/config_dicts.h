/* config_dicts.h - which shared dictionaries there are: the gateway's own, and those of the settings. */
#ifndef SERVER_CONFIG_CONFIG_DICTS_H
#define SERVER_CONFIG_CONFIG_DICTS_H

struct config;
struct dict_set;
struct err;

/* Adds them to `set`, empty, unopened. -E_CONF with what is wrong, -E_NOMEM. */
int config_dicts_list(const struct config *config, struct dict_set *set, struct err *err);
/* Makes `set` of them, open in that file, or with -1 in memory of this process. dict_set_fini is due only on
 * success. As above, or as dict_set_open. */
int config_dicts_open(const struct config *config, int fd, struct dict_set *set, struct err *err);

#endif
