/* instance.h - the registry: instance id -> plugin and conf.
 *
 * Rows stay for as long as the gateway may use their id; the *live* object of a row (what the runtime
 * made of the conf) comes and goes: it is made at the start, dropped after idling or when nobody has it any
 * more, and made again on demand under the same id. Equal confs of a plugin (but for key order and __seq__) share one row and are
 * counted. Ids come from one counter of 31 bits whose high-water mark is written down before use, so that
 * no id is ever used twice, over restarts too (the gateway keeps ids of a server that died).
 *
 * A plugin that wants to be (struct runtime, configure) is told of all confs that were started and not
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
	json_t *conf;          /* owned; as it came, __keys included */
	void *live;            /* the runtime's object, or NULL */
	uint32_t refs;         /* starts minus closes */
	uint32_t running;      /* events in flight: the live object and the row stay while > 0 */
	double used_at;        /* seconds, monotonic */
};

struct instance_options {
	size_t max;       /* rows; more are refused */
	double live_idle; /* seconds after which an idle live object is dropped */
	double row_idle;  /* seconds after which an idle row may be evicted */
	/* Gives ids from *ret_first up to, not including, *ret_end that nobody has used or will be given,
	 * and has written that down when it returns. 0 or an error with what to do. NULL: from 1 on (tests).
	 */
	int (*reserve_ids)(void *user, uint32_t *ret_first, uint32_t *ret_end, struct err *err);
	void *user;
	/* Code of a plugin is about to run, and has run (NULL). May be NULL. */
	void (*watch)(struct plugin *plugin, bool runs);
};

struct instance_table *instance_table_create(const struct instance_options *options);
void instance_table_destroy(struct instance_table *t);
/* Starts or shares an instance. -E_CONF (not a JSON object, or refused by the plugin), -E_LIMIT,
 * -E_PLUGIN, -E_IO. `now` in monotonic seconds, as everywhere here. */
int instance_start(struct instance_table *t, struct plugin *plugin, const char *conf,
		   size_t conf_len, double now, int64_t *ret_id, struct err *err);
/* Counts down, to where the live object is dropped; the row stays until it is idle for row_idle. An unknown
 * id is no error. */
void instance_close(struct instance_table *t, int64_t id, double now);
/* The row, its live object made if it was dropped. Borrowed until the loop turns, or while running > 0.
 * -E_NO_INSTANCE, or as runtime->instance_start. */
int instance_get(struct instance_table *t, int64_t id, double now, struct instance **ret,
		 struct err *err);
/* The row as it is, or NULL. Borrowed until the loop turns. */
const struct instance *instance_look(struct instance_table *t, int64_t id);
/* An event begins or ends on it. */
void instance_hold(struct instance *instance);
void instance_release(struct instance *instance, double now);
/* Drops idle live objects and evicts idle rows. */
void instance_sweep(struct instance_table *t, double now);
size_t instance_count(const struct instance_table *t);
/* Calls fn for each row. */
void instance_each(struct instance_table *t, void (*fn)(void *user, const struct instance *),
		   void *user);

#endif
