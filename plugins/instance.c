#include "plugins/instance.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/instance_conf.h"
#include "plugins/runtime.h"
#include "protocol/err.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(row) ((row)->oom = true)
#include <uthash.h>
#include <utlist.h>

#define ID_END ((uint32_t)1 << 31) /* the gateway's ProtoBuf has ids of 31 bits */

struct row {
	struct instance pub; /* first: a struct instance * of ours is a struct row * */
	char *key;           /* owned; the plugin's name, a NUL, the canonical conf */
	size_t key_len;
	double noted_at; /* the latest use that the store knows of */
	bool oom;        /* uthash could not add it */
	UT_hash_handle by_id;
	UT_hash_handle by_key;
};

struct instance_table {
	struct instance_options options;
	struct row *by_id;
	struct row *by_key;
	uint32_t next_id;
	uint32_t reserved;      /* ids from next_id up to here are ours */
	struct plugin *changed; /* plugins that are to be told of their confs */
};

struct instance_table *instance_table_create(const struct instance_options *options)
{
	struct instance_table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->options = *options;
	return t;
}

/* ---- the plugin's own code ---- */

static void watch(const struct instance_table *t, struct plugin *plugin, bool runs)
{
	if (t->options.watch != NULL)
		t->options.watch(plugin, runs);
}

/* The plugin is told by tell_changed. */
static void note_change(struct instance_table *t, struct plugin *plugin)
{
	if (!plugin->info.configures || plugin->is_changed)
		return;
	plugin->is_changed = true;
	LL_PREPEND2(t->changed, plugin, next_changed);
}

static int make_live(struct instance_table *t, struct instance *instance, struct err *err)
{
	struct plugin *plugin = instance->plugin;
	int rc;

	if (instance->live != NULL)
		return 0;
	watch(t, plugin, true);
	rc = plugin->runtime->instance_start(plugin, instance->conf, &instance->live, err);
	watch(t, plugin, false);
	if (rc == 0)
		note_change(t, plugin);
	else if (rc == -E_CONF)
		err_prefix(err, rc, "the conf of plugin '%s' is refused", plugin->name);
	return rc;
}

static void drop_live(const struct instance_table *t, struct instance *instance)
{
	struct plugin *plugin = instance->plugin;

	if (instance->live == NULL)
		return;
	watch(t, plugin, true);
	plugin->runtime->instance_stop(plugin, instance->live);
	watch(t, plugin, false);
	instance->live = NULL;
}

/* ---- rows ---- */

static void destroy_row(struct row *row)
{
	if (row == NULL)
		return;
	json_decref(row->pub.conf);
	free(row->key);
	free(row);
}

static void remove_row(struct instance_table *t, struct row *row)
{
	HASH_DELETE(by_id, t->by_id, row);
	HASH_DELETE(by_key, t->by_key, row);
	drop_live(t, &row->pub);
	destroy_row(row);
}

void instance_table_destroy(struct instance_table *t)
{
	struct row *row, *next;

	if (t == NULL)
		return;
	HASH_ITER (by_id, t->by_id, row, next)
		remove_row(t, row);
	free(t);
}

/* A row that is in no table yet; without key. */
static int create_row(struct plugin *plugin, const char *conf, size_t len, struct row **ret_row,
		      struct err *err)
{
	struct row *row = calloc(1, sizeof(*row));
	int rc;

	if (row == NULL)
		return err_set(err, E_NOMEM, "no memory for an instance of plugin '%s'",
			       plugin->name);
	row->pub.plugin = plugin;
	rc = instance_conf_parse(plugin, conf, len, &row->pub.conf, err);
	if (rc != 0) {
		destroy_row(row);
		return rc;
	}
	*ret_row = row;
	return 0;
}

/* As the gateway asks for it. */
static int create_asked(struct plugin *plugin, const char *conf, size_t len, struct row **ret_row,
			struct err *err)
{
	struct row *row = NULL;
	int rc = create_row(plugin, conf, len, &row, err);

	if (rc != 0)
		return rc;
	if (instance_conf_key(plugin, row->pub.conf, &row->key, &row->key_len) != 0) {
		destroy_row(row);
		return err_set(err, E_NOMEM, "no memory for the conf of plugin '%s'", plugin->name);
	}
	*ret_row = row;
	return 0;
}

static int no_instance(int64_t id, struct err *err)
{
	return err_set(err, E_NO_INSTANCE, "%s %lld", err_text(E_NO_INSTANCE), (long long)id);
}

/* As the store has it. */
static int create_stored(const struct instance_table *t, const struct instance_row *stored,
			 struct row **ret_row, struct err *err)
{
	struct plugin *plugin = t->options.find_plugin(t->options.plugin_user, stored->plugin);
	struct row *row = NULL;
	int rc;

	if (plugin == NULL)
		return no_instance(stored->id, err);
	rc = create_row(plugin, stored->conf, stored->conf_len, &row, err);
	if (rc != 0)
		return rc;
	row->key = malloc(stored->key_len + 1);
	if (row->key == NULL) {
		destroy_row(row);
		return err_set(err, E_NOMEM, "no memory for the conf of plugin '%s'", plugin->name);
	}
	memcpy(row->key, stored->key, stored->key_len + 1);
	row->key_len = stored->key_len;
	row->pub.id = stored->id;
	row->pub.refs = stored->refs;
	row->pub.used_at = row->noted_at = stored->used_at;
	*ret_row = row;
	return 0;
}

static int reserve_block(struct instance_table *t, struct err *err)
{
	uint32_t first = t->next_id != 0 ? t->next_id : 1, end = ID_END;
	int rc = 0;

	if (t->options.reserve_ids != NULL)
		rc = t->options.reserve_ids(t->options.ids_user, &first, &end, err);
	if (rc != 0)
		return rc;
	if (first >= end || end > ID_END)
		return err_set(err, E_LIMIT, "all instance ids (31 bits) are used up");
	t->next_id = first;
	t->reserved = end;
	return 0;
}

/* An id is never used twice: a gateway may hold one of long ago. */
static int take_id(void *user, int64_t *ret_id, struct err *err)
{
	struct instance_table *t = user;
	int rc = 0;

	if (t->next_id >= t->reserved)
		rc = reserve_block(t, err);
	if (rc == 0)
		*ret_id = t->next_id++;
	return rc;
}

static int add_row(struct instance_table *t, struct row *row, struct err *err)
{
	HASH_ADD(by_id, t->by_id, pub.id, sizeof(row->pub.id), row);
	if (row->oom)
		return err_set(err, E_NOMEM, "no memory for one more instance");
	HASH_ADD_KEYPTR(by_key, t->by_key, row->key, row->key_len, row);
	if (!row->oom)
		return 0;
	HASH_DELETE(by_id, t->by_id, row);
	return err_set(err, E_NOMEM, "no memory for one more instance");
}

static struct row *find_row(struct instance_table *t, int64_t id)
{
	struct row *row;

	HASH_FIND(by_id, t->by_id, &id, sizeof(id), row);
	return row;
}

/* ---- what a plugin is told ---- */

/* What other processes, or those before this one, have started counts too. */
static void load_conf(void *user, const struct instance_row *stored)
{
	struct instance_table *t = user;
	const struct plugin *plugin =
		t->options.find_plugin(t->options.plugin_user, stored->plugin);
	struct row *row = NULL;

	if (plugin != t->changed || stored->refs == 0 || find_row(t, stored->id) != NULL)
		return;
	if (create_stored(t, stored, &row, NULL) == 0 && add_row(t, row, NULL) != 0)
		destroy_row(row);
}

/* Its confs, in the order of their ids. Owned; NULL without memory. */
static struct plugin_conf *collect_confs(const struct instance_table *t,
					 const struct plugin *plugin, size_t *ret_n)
{
	struct plugin_conf *confs = calloc(instance_count(t) + 1, sizeof(*confs));
	const struct row *row;

	*ret_n = 0;
	for (row = t->by_id; confs != NULL && row != NULL; row = row->by_id.next)
		if (row->pub.plugin == plugin && row->pub.refs > 0)
			confs[(*ret_n)++] = (struct plugin_conf){row->pub.conf, row->pub.live};
	return confs;
}

static void tell(const struct instance_table *t, struct plugin *plugin)
{
	const struct pdk_port *port = plugin->env.port;
	struct err err = {""};
	size_t n;
	struct plugin_conf *confs = collect_confs(t, plugin, &n);
	int rc = -E_NOMEM;

	if (plugin->is_starting) {
		rc = 0;
	} else if (confs != NULL) {
		watch(t, plugin, true);
		rc = plugin->runtime->configure(plugin, confs, n, &err);
		watch(t, plugin, false);
	}
	free(confs);
	if (rc == 0 || port == NULL || port->log == NULL)
		return;
	err_prefix(&err, rc, "configure of plugin '%s'", plugin->name);
	port->log(NULL, LOG_LEVEL_ERR, err.text, strlen(err.text));
}

static void tell_changed(struct instance_table *t)
{
	struct plugin *plugin;

	while ((plugin = t->changed) != NULL) {
		t->options.store.each(t->options.store.user, load_conf, t);
		LL_DELETE2(t->changed, plugin, next_changed);
		plugin->is_changed = false;
		tell(t, plugin);
	}
}

void instance_tell(struct instance_table *t, struct plugin *plugin)
{
	note_change(t, plugin);
	tell_changed(t);
}

/* ---- uses ---- */

static void note_use(struct instance_table *t, struct row *row)
{
	t->options.store.use(t->options.store.user, row->pub.id, row->pub.used_at, 0);
	row->noted_at = row->pub.used_at;
}

static void use_row(struct instance_table *t, struct row *row, double now)
{
	row->pub.used_at = now;
	if (now - row->noted_at >= INSTANCE_NOTE_EVERY)
		note_use(t, row);
}

/* ---- starts ---- */

/* Its id is new if no process has a row of that key. */
static int share(struct instance_table *t, const struct row *row, struct instance_row *asked,
		 int64_t *ret_id, struct err *err)
{
	const struct instance_ids ids = {take_id, t};

	asked->key = row->key;
	asked->key_len = row->key_len;
	return t->options.store.share(t->options.store.user, asked, &ids, ret_id, err);
}

/* Takes `row`. A conf that the plugin refuses gets no id. */
static int start_new(struct instance_table *t, struct row *row, struct instance_row *asked,
		     int64_t *ret_id, struct err *err)
{
	int rc = make_live(t, &row->pub, err);

	if (rc == 0)
		rc = share(t, row, asked, &row->pub.id, err);
	if (rc == 0)
		rc = add_row(t, row, err);
	if (rc != 0) {
		drop_live(t, &row->pub);
		destroy_row(row);
		return rc;
	}
	row->pub.refs = asked->refs;
	row->pub.used_at = row->noted_at = asked->used_at;
	*ret_id = row->pub.id;
	note_change(t, row->pub.plugin);
	return 0;
}

/* Where the id is not the row's, the store has lost the row: it will be found under the other id. */
static int start_again(struct instance_table *t, struct row *row, struct instance_row *asked,
		       int64_t *ret_id, struct err *err)
{
	int rc = make_live(t, &row->pub, err);

	if (rc == 0)
		rc = share(t, row, asked, ret_id, err);
	if (rc != 0)
		return rc;
	if (row->pub.refs == 0)
		note_change(t, row->pub.plugin);
	row->pub.refs += asked->refs;
	row->pub.used_at = row->noted_at = asked->used_at;
	return 0;
}

int instance_start(struct instance_table *t, struct plugin *plugin, const char *conf,
		   size_t conf_len, double now, int64_t *ret_id, struct err *err)
{
	struct instance_row asked = {.plugin = plugin->name,
				     .conf = conf,
				     .conf_len = conf_len,
				     .refs = 1,
				     .used_at = now};
	struct row *row = NULL, *same = NULL;
	int rc = create_asked(plugin, conf, conf_len, &row, err);

	if (rc != 0)
		return rc;
	HASH_FIND(by_key, t->by_key, row->key, row->key_len, same);
	if (same == NULL) {
		rc = start_new(t, row, &asked, ret_id, err);
	} else {
		destroy_row(row);
		rc = start_again(t, same, &asked, ret_id, err);
	}
	if (rc == 0)
		tell_changed(t);
	return rc;
}

void instance_close(struct instance_table *t, int64_t id, double now)
{
	struct row *row = find_row(t, id);

	t->options.store.use(t->options.store.user, id, now, -1);
	if (row == NULL)
		return;
	row->pub.used_at = row->noted_at = now;
	if (row->pub.refs == 0 || --row->pub.refs > 0)
		return;
	note_change(t, row->pub.plugin);
	tell_changed(t);
	if (row->pub.running == 0)
		drop_live(t, &row->pub);
}

/* ---- events ---- */

static int load_row(struct instance_table *t, int64_t id, struct row **ret_row, struct err *err)
{
	struct instance_row stored;
	struct row *row = NULL;
	int rc = t->options.store.find(t->options.store.user, id, &stored, err);

	if (rc == 0)
		rc = create_stored(t, &stored, &row, err);
	if (rc == 0)
		rc = add_row(t, row, err);
	if (rc != 0) {
		destroy_row(row);
		return rc;
	}
	*ret_row = row;
	return 0;
}

int instance_find(struct instance_table *t, int64_t id, struct instance **ret, struct err *err)
{
	struct row *row = find_row(t, id);
	int rc = row == NULL ? load_row(t, id, &row, err) : 0;

	if (rc == 0)
		*ret = &row->pub;
	return rc;
}

int instance_look(struct instance_table *t, int64_t id, const struct instance **ret,
		  struct err *err)
{
	struct instance *instance = NULL;
	struct instance_row stored;
	int rc = instance_find(t, id, &instance, err);

	if (rc != 0)
		return rc;
	if (t->options.store.find(t->options.store.user, id, &stored, NULL) == 0)
		instance->refs = stored.refs;
	*ret = instance;
	return 0;
}

int instance_revive(struct instance_table *t, struct instance *instance, double now,
		    struct err *err)
{
	int rc = make_live(t, instance, err);

	if (rc != 0)
		return rc;
	tell_changed(t);
	use_row(t, (struct row *)instance, now);
	return 0;
}

void instance_hold(struct instance *instance)
{
	instance->running++;
}

void instance_release(struct instance *instance, double now)
{
	instance->running--;
	instance->used_at = now;
}

/* ---- all of them ---- */

/* What is in use here is not evicted. */
static void note_row(struct instance_table *t, struct row *row, double now)
{
	bool is_idle = row->pub.running == 0 && now - row->pub.used_at > t->options.live_idle;

	if (row->pub.running > 0)
		row->pub.used_at = now;
	if (row->pub.used_at - row->noted_at >= INSTANCE_NOTE_EVERY ||
	    (is_idle && row->pub.used_at > row->noted_at))
		note_use(t, row);
}

static bool is_stored(const struct instance_table *t, const struct row *row)
{
	struct instance_row stored;

	return t->options.store.find(t->options.store.user, row->pub.id, &stored, NULL) == 0;
}

/* A plugin is told of what the gateway may use, idle or not. */
static void sweep_row(struct instance_table *t, struct row *row, double now)
{
	struct plugin *plugin = row->pub.plugin;
	bool is_told_of = row->pub.refs > 0 && plugin->info.configures;

	if (row->pub.running > 0)
		return;
	if (now - row->pub.used_at <= t->options.live_idle) {
		if (row->pub.refs == 0)
			drop_live(t, &row->pub);
	} else if (is_told_of && is_stored(t, row)) {
		drop_live(t, &row->pub);
	} else {
		remove_row(t, row);
		if (is_told_of)
			note_change(t, plugin);
	}
}

void instance_sweep(struct instance_table *t, double now)
{
	struct row *row, *next;

	HASH_ITER (by_id, t->by_id, row, next)
		note_row(t, row, now);
	t->options.store.evict(t->options.store.user, now);
	HASH_ITER (by_id, t->by_id, row, next)
		sweep_row(t, row, now);
	tell_changed(t);
}

size_t instance_count(const struct instance_table *t)
{
	return t->options.store.count(t->options.store.user);
}

struct visit {
	struct instance_table *table;
	void (*fn)(void *user, const struct instance *);
	void *user;
};

/* What this process does not use is made for the visit only. */
static void visit_row(void *user, const struct instance_row *stored)
{
	const struct visit *visit = user;
	struct row *own = find_row(visit->table, stored->id), *row = own;

	if (own == NULL && create_stored(visit->table, stored, &row, NULL) != 0)
		return;
	row->pub.refs = stored->refs;
	visit->fn(visit->user, &row->pub);
	if (own == NULL)
		destroy_row(row);
}

void instance_each(struct instance_table *t, void (*fn)(void *user, const struct instance *),
		   void *user)
{
	struct visit visit = {t, fn, user};

	t->options.store.each(t->options.store.user, visit_row, &visit);
}
