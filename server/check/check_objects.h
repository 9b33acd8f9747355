/* check_objects.h - plugins in C that can't share a process. */
#ifndef SERVER_CHECK_CHECK_OBJECTS_H
#define SERVER_CHECK_CHECK_OBJECTS_H

struct config;
struct err;
struct loaded_plugin;
struct report;

/* Reports plugins of one group that have one shared object. `loaded` as loader_load has it. 0, -E_NOMEM. */
int check_objects(const struct config *config, struct report *report,
		  const struct loaded_plugin *loaded, struct err *err);

#endif
