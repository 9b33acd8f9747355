#include "server/supervisor/watch.h"
#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/log.h"
#include "server/reactor.h"

#define QUIET 0.1 /* seconds: an editor writes a file in several steps */
#define CHANGES (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE)

struct watch {
	int fd;
	struct reactor_io *io;
	struct reactor_timer *quiet;
	char *dir; /* plugins_dir */
	void (*on_change)(void *user);
	void *user;
};

/* All folders below it; those that are watched already stay so. */
static int add_tree(const struct watch *w, struct err *err)
{
	char *roots[] = {w->dir, NULL};
	FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	const FTSENT *entry;
	int rc = 0;

	if (tree == NULL)
		return err_set(err, E_IO, "can't look into %s: %s", w->dir, strerror(errno));
	while (rc == 0 && (entry = fts_read(tree)) != NULL)
		if (entry->fts_info == FTS_D &&
		    inotify_add_watch(w->fd, entry->fts_path, CHANGES) < 0)
			rc = err_set(err, E_IO, "can't watch %s: %s", entry->fts_path,
				     strerror(errno));
	fts_close(tree);
	return rc;
}

static void on_quiet(void *user)
{
	const struct watch *w = user;
	struct err err = {""};
	int rc = add_tree(w, &err);

	if (rc != 0)
		log_line(LOG_LEVEL_WARN, "%s", err_message(&err, rc));
	w->on_change(w->user);
}

static void on_ready(void *user, int ready)
{
	struct watch *w = user;
	char events[4096];

	(void)ready;
	while (read(w->fd, events, sizeof(events)) > 0)
		;
	reactor_timer_start(w->quiet, QUIET, 0);
}

static int begin(struct watch *w, struct reactor *reactor, const struct config *config,
		 struct err *err)
{
	w->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->fd < 0)
		return err_set(err, E_IO, "can't watch files: %s", strerror(errno));
	w->dir = strdup(config->plugins_dir);
	w->io = reactor_io_create(reactor, w->fd, on_ready, w);
	w->quiet = reactor_timer_create(reactor, on_quiet, w);
	if (w->dir == NULL || w->io == NULL || w->quiet == NULL)
		return err_set(err, E_NOMEM, "no memory to watch files");
	reactor_io_set(w->io, REACTOR_READ);
	return add_tree(w, err);
}

int watch_create(struct reactor *reactor, const struct config *config,
		 void (*on_change)(void *user), void *user, struct watch **ret_watch,
		 struct err *err)
{
	struct watch *w = calloc(1, sizeof(*w));
	int rc;

	if (w == NULL)
		return err_set(err, E_NOMEM, "no memory to watch files");
	w->fd = -1;
	w->on_change = on_change;
	w->user = user;
	rc = begin(w, reactor, config, err);
	if (rc == 0)
		*ret_watch = w;
	else
		watch_destroy(w);
	return rc;
}

void watch_destroy(struct watch *w)
{
	if (w == NULL)
		return;
	reactor_io_destroy(w->io);
	reactor_timer_destroy(w->quiet);
	if (w->fd >= 0)
		close(w->fd);
	free(w->dir);
	free(w);
}
