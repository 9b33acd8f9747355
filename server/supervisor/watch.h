/* watch.h - whether a plugin's files change: for their authors, who want each change served at once. */
#ifndef SERVER_SUPERVISOR_WATCH_H
#define SERVER_SUPERVISOR_WATCH_H

struct config;
struct err;
struct reactor;
struct watch; /* opaque */

/* Watches the folders of the plugins in plugins_dir, with all below them. Calls `on_change` once things have
 * been quiet for a moment. Returns owned in *ret_watch. -E_IO, -E_NOMEM. */
int watch_create(struct reactor *reactor, const struct config *config,
		 void (*on_change)(void *user), void *user, struct watch **ret_watch,
		 struct err *err);
/* Accepts NULL. */
void watch_destroy(struct watch *w);

#endif
