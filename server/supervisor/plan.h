/* plan.h - which plugins share a process.
 *
 * Glossary: a *group* is the plugins that share a process: one by default; those with the same
 * plugin_NAME_process; and those that have the same socket, since the gateway may send a call of any of them
 * over any connection to it. */
#ifndef SERVER_SUPERVISOR_PLAN_H
#define SERVER_SUPERVISOR_PLAN_H
#include <stddef.h>

struct config;
struct err;

struct plan_group {
	const char *
		name; /* the shared process's, or the first plugin's; borrowed of the configuration */
	size_t *plugins; /* indices in the configuration, in its order */
	size_t plugin_count;
	size_t workers;
};

struct plan {
	struct plan_group *groups; /* in the order of their first plugins */
	size_t count;
	size_t *group_of; /* by the plugin's index */
};

/* 0, -E_NOMEM. */
int plan_init(struct plan *plan, const struct config *config, struct err *err);
/* Accepts a zeroed one. */
void plan_fini(struct plan *plan);

#endif
