/* instance.h - the instances that this process uses: id -> plugin and conf.
 *
 * Glossary: a *row* (id, plugin, conf) lies in the *store*, which several processes share and which outlives
 * them; it stays for as long as the gateway may use its id. Here is what this process has made of some of
 * them: the *live* object that the runtime made of the conf, which itself stays in the store. It is made on
 * demand, under the row's id, and dropped after idling, or when nobody has the row any more. Equal confs of a plugin (but
 * for key order and __seq__) share one row, over all processes. Ids come from one counter of 31 bits whose
 * high-water mark is written down before use, so that no id is ever used twice, over restarts too (the
 * gateway keeps ids of a server that died).
 *
 * A plugin that wants to be (struct runtime, configure) is told of all confs that were started here and not
 * closed, whenever that set has changed or a live object was made again: before an event can meet it. */
#ifndef PLUGINS_INSTANCE_H
#define PLUGINS_INSTANCE_H
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include "plugins/plugin.h"

struct instance_table; /* opaque */

struct instance {
	int64_t id;
	struct plugin *plugin; /* borrowed */
	void *live;            /* the runtime's object, or NULL */
	int64_t refs;     /* starts minus closes, of all processes, when the row was last read */
	uint32_t running; /* events in flight: the instance stays while > 0 */
	double used_at;   /* seconds, monotonic */
};

/* A row of the store. */
struct instance_row {
	int64_t id;
	const char *plugin; /* its name */
	const char *conf;   /* JSON as it came first; NUL-terminated */
	size_t conf_len;
	const char *key; /* what the rows of equal confs have in common; NUL-terminated */
	size_t key_len;
	int64_t refs; /* starts minus closes */
	double used_at;
};

/* Where new ids come from. */
struct instance_ids {
	int (*take)(void *user, int64_t *ret_id, struct err *err);
	void *user;
};

/* The rows. Each call counts for all processes that share the store. */
struct instance_store {
	/* *ret is borrowed until the next call. -E_NO_INSTANCE, -E_IO, -E_NOMEM. */
	int (*find)(void *user, int64_t id, struct instance_row *ret, struct err *err);
	/* The id of the row with row->key, or 0. -E_IO, -E_NOMEM. */
	int (*find_equal)(void *user, const struct instance_row *row, int64_t *ret_id,
			  struct err *err);
	/* Uses the row with row->key, or adds one under a new id. Adds row->refs; used at row->used_at.
	 * -E_LIMIT where there is no room, -E_IO, -E_NOMEM, or as ids->take. */
	int (*share)(void *user, const struct instance_row *row, const struct instance_ids *ids,
		     int64_t *ret_id, struct err *err);
	/* Notes that a row is used, and adds to its references. */
	void (*use)(void *user, int64_t id, double now, int refs);
	/* Removes rows that nobody has used for long, if it is worth it. */
	void (*evict)(void *user, double now);
	size_t (*count)(void *user);
	/* Calls fn for each row, which may call the store. */
	int (*each)(void *user, void (*fn)(void *user, const struct instance_row *row),
		    void *fn_user);
	void *user;
};

/* A use is noted in the store when the last note is this old, in seconds. */
#define INSTANCE_NOTE_EVERY 60.0

struct instance_options {
	struct instance_store store; /* borrowed */
	double live_idle;            /* seconds after which an idle live object is dropped */
	/* The plugin of that name, or NULL. */
	struct plugin *(*find_plugin)(void *user, const char *name);
	/* Gives ids from *ret_first up to, not including, *ret_end that nobody has used or will be given,
	 * and has written that down when it returns. 0 or an error with what to do. NULL: from 1 on (tests).
	 */
	int (*reserve_ids)(void *user, uint32_t *ret_first, uint32_t *ret_end, struct err *err);
	void *plugin_user, *ids_user;
	/* Code of a plugin is about to run, and has run (NULL). May be NULL. */
	void (*watch)(struct plugin *plugin, bool runs);
};

struct instance_table *instance_table_create(const struct instance_options *options);
void instance_table_destroy(struct instance_table *t);
/* Starts or shares an instance. -E_CONF (not a JSON object, or refused by the plugin), -E_LIMIT,
 * -E_PLUGIN, -E_IO. `now` in monotonic seconds, as everywhere here. */
int instance_start(struct instance_table *t, struct plugin *plugin, const char *conf,
		   size_t conf_len, double now, int64_t *ret_id, struct err *err);
/* Counts down, to where the live object is dropped; the row stays until it is idle. An unknown id is no
 * error. */
void instance_close(struct instance_table *t, int64_t id, double now);
/* The instance as it is: it may have no live object, and this is no use of it. Borrowed until the loop
 * turns, or while running > 0. -E_NO_INSTANCE, -E_IO, -E_NOMEM. */
int instance_find(struct instance_table *t, int64_t id, struct instance **ret, struct err *err);
/* Makes the live object if there is none, and notes the use. As runtime->instance_start, and as instance_find. */
int instance_revive(struct instance_table *t, struct instance *instance, double now,
		    struct err *err);
/* An event begins or ends on it. */
void instance_hold(struct instance *instance);
void instance_release(struct instance *instance, double now);
/* Tells a plugin of its confs (configure), changed or not. */
void instance_tell(struct instance_table *t, struct plugin *plugin);
/* Lets go of what idles here, and has the store evict. To be called every few seconds. */
void instance_sweep(struct instance_table *t, double now);
/* All rows, those of other processes included. */
size_t instance_count(const struct instance_table *t);
/* Gets an instance, its row read anew, and the conf as it came first, __keys included; both borrowed until it
 * returns. */
typedef void (*instance_visitor)(void *user, const struct instance *instance, json_t *conf);
/* Calls fn for each row, or for one, for people who ask: that is no use of it. As instance_find. */
void instance_each(struct instance_table *t, instance_visitor fn, void *user);
int instance_look(struct instance_table *t, int64_t id, instance_visitor fn, void *user,
		  struct err *err);

#endif
