#include "plugins/instance.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/instance_conf.h"
#include "plugins/runtime.h"
#include "protocol/err.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#define ID_END ((uint32_t)1 << 31) /* the gateway's ProtoBuf has ids of 31 bits */

struct row {
	struct instance pub;  /* first: a struct instance * of ours is a struct row * */
	double noted_at;      /* the latest use that the store knows of */
	UT_hash_handle by_id; /* without table where uthash could not add it */
};

/* What the gateway asks to start. */
struct asked {
	struct plugin *plugin;
	json_t *conf; /* owned */
	char *key;    /* owned */
	struct instance_row row;
};

struct instance_table {
	struct instance_options options;
	struct row *by_id;
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

static int no_instance(int64_t id, struct err *err)
{
	return err_set(err, E_NO_INSTANCE, "%s %lld", err_text(E_NO_INSTANCE), (long long)id);
}

/* As the store has it; *ret_conf is owned. */
static int read_conf(const struct instance_table *t, const struct instance *instance,
		     json_t **ret_conf, struct err *err)
{
	struct instance_row stored;
	int rc = t->options.store.find(t->options.store.user, instance->id, &stored, err);

	if (rc != 0)
		return rc;
	return instance_conf_parse(instance->plugin, stored.conf, stored.conf_len, ret_conf, err);
}

static int make_live(struct instance_table *t, struct instance *instance, const json_t *conf,
		     struct err *err)
{
	struct plugin *plugin = instance->plugin;
	int rc;

	if (instance->live != NULL)
		return 0;
	watch(t, plugin, true);
	rc = plugin->runtime->instance_start(plugin, conf, &instance->live, err);
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

static void remove_row(struct instance_table *t, struct row *row)
{
	HASH_DELETE(by_id, t->by_id, row);
	drop_live(t, &row->pub);
	free(row);
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

/* As the store has it. */
static int describe_stored(const struct instance_table *t, const struct instance_row *stored,
			   struct instance *ret, struct err *err)
{
	struct plugin *plugin = t->options.find_plugin(t->options.plugin_user, stored->plugin);

	if (plugin == NULL)
		return no_instance(stored->id, err);
	*ret = (struct instance){.id = stored->id,
				 .plugin = plugin,
				 .refs = stored->refs,
				 .used_at = stored->used_at};
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

/* Takes a copy of `instance`, its live object included. */
static int add_row(struct instance_table *t, const struct instance *instance, struct row **ret_row,
		   struct err *err)
{
	struct row *row = calloc(1, sizeof(*row));

	if (row != NULL) {
		row->pub = *instance;
		row->noted_at = instance->used_at;
		HASH_ADD(by_id, t->by_id, pub.id, sizeof(row->pub.id), row);
	}
	if (row == NULL || row->by_id.tbl == NULL) {
		free(row);
		return err_set(err, E_NOMEM, "no memory for one more instance");
	}
	*ret_row = row;
	return 0;
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
	struct instance instance;
	struct row *row;

	if (plugin != t->changed || stored->refs == 0 || find_row(t, stored->id) != NULL)
		return;
	if (describe_stored(t, stored, &instance, NULL) == 0)
		add_row(t, &instance, &row, NULL);
}

/* What the store has lost is left out. */
static void add_conf(const struct instance_table *t, const struct instance *instance,
		     struct plugin_conf *confs, size_t *n)
{
	json_t *conf = NULL;

	if (instance->live == NULL && read_conf(t, instance, &conf, NULL) != 0)
		return;
	confs[(*n)++] = (struct plugin_conf){conf, instance->live};
}

/* Its confs, in the order in which they got here. Owned, and so are those that are not live; NULL without memory. */
static struct plugin_conf *collect_confs(const struct instance_table *t,
					 const struct plugin *plugin, size_t *ret_n)
{
	struct plugin_conf *confs = calloc(HASH_CNT(by_id, t->by_id) + 1, sizeof(*confs));
	const struct row *row;

	*ret_n = 0;
	for (row = t->by_id; confs != NULL && row != NULL; row = row->by_id.next)
		if (row->pub.plugin == plugin && row->pub.refs > 0)
			add_conf(t, &row->pub, confs, ret_n);
	return confs;
}

static void free_confs(struct plugin_conf *confs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		json_decref(confs[i].conf);
	free(confs);
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
	free_confs(confs, n);
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

static int asked_init(struct asked *asked, struct err *err)
{
	int rc = instance_conf_parse(asked->plugin, asked->row.conf, asked->row.conf_len,
				     &asked->conf, err);

	if (rc != 0)
		return rc;
	if (instance_conf_key(asked->plugin, asked->conf, &asked->key, &asked->row.key_len) != 0)
		return err_set(err, E_NOMEM, "no memory for the conf of plugin '%s'",
			       asked->plugin->name);
	asked->row.key = asked->key;
	return 0;
}

static void asked_fini(struct asked *asked)
{
	json_decref(asked->conf);
	free(asked->key);
}

/* What this process has of an equal conf, or NULL. */
static int find_equal(struct instance_table *t, const struct asked *asked, struct row **ret_row,
		      struct err *err)
{
	int64_t id = 0;
	int rc = t->options.store.find_equal(t->options.store.user, &asked->row, &id, err);
	struct row *row = rc == 0 && id != 0 ? find_row(t, id) : NULL;

	*ret_row = row != NULL && row->pub.plugin == asked->plugin ? row : NULL;
	return rc;
}

/* Its id is new if no process has a row of that key. */
static int share(struct instance_table *t, const struct asked *asked, int64_t *ret_id,
		 struct err *err)
{
	const struct instance_ids ids = {take_id, t};

	return t->options.store.share(t->options.store.user, &asked->row, &ids, ret_id, err);
}

/* A conf that the plugin refuses gets no id. */
static int start_new(struct instance_table *t, const struct asked *asked, int64_t *ret_id,
		     struct err *err)
{
	struct instance instance = {
		.plugin = asked->plugin, .refs = asked->row.refs, .used_at = asked->row.used_at};
	struct row *row;
	int rc = make_live(t, &instance, asked->conf, err);

	if (rc == 0)
		rc = share(t, asked, &instance.id, err);
	if (rc == 0)
		rc = add_row(t, &instance, &row, err);
	if (rc != 0) {
		drop_live(t, &instance);
		return rc;
	}
	*ret_id = instance.id;
	note_change(t, asked->plugin);
	return 0;
}

/* Where the id is not the row's, the store has lost the row since: it will be found under the other id. */
static int start_again(struct instance_table *t, struct row *row, const struct asked *asked,
		       int64_t *ret_id, struct err *err)
{
	int rc = make_live(t, &row->pub, asked->conf, err);

	if (rc == 0)
		rc = share(t, asked, ret_id, err);
	if (rc != 0)
		return rc;
	if (row->pub.refs == 0)
		note_change(t, row->pub.plugin);
	row->pub.refs += asked->row.refs;
	row->pub.used_at = row->noted_at = asked->row.used_at;
	return 0;
}

int instance_start(struct instance_table *t, struct plugin *plugin, const char *conf,
		   size_t conf_len, double now, int64_t *ret_id, struct err *err)
{
	struct asked asked = {.plugin = plugin,
			      .row = {.plugin = plugin->name,
				      .conf = conf,
				      .conf_len = conf_len,
				      .refs = 1,
				      .used_at = now}};
	struct row *row = NULL;
	int rc = asked_init(&asked, err);

	if (rc == 0)
		rc = find_equal(t, &asked, &row, err);
	if (rc == 0)
		rc = row != NULL ? start_again(t, row, &asked, ret_id, err)
				 : start_new(t, &asked, ret_id, err);
	asked_fini(&asked);
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
	struct instance instance;
	int rc = t->options.store.find(t->options.store.user, id, &stored, err);

	if (rc == 0)
		rc = describe_stored(t, &stored, &instance, err);
	return rc == 0 ? add_row(t, &instance, ret_row, err) : rc;
}

int instance_find(struct instance_table *t, int64_t id, struct instance **ret, struct err *err)
{
	struct row *row = find_row(t, id);
	int rc = row == NULL ? load_row(t, id, &row, err) : 0;

	if (rc == 0)
		*ret = &row->pub;
	return rc;
}

static int revive(struct instance_table *t, struct instance *instance, struct err *err)
{
	json_t *conf = NULL;
	int rc = read_conf(t, instance, &conf, err);

	if (rc == 0)
		rc = make_live(t, instance, conf, err);
	json_decref(conf);
	return rc;
}

int instance_revive(struct instance_table *t, struct instance *instance, double now,
		    struct err *err)
{
	int rc = instance->live == NULL ? revive(t, instance, err) : 0;

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
	instance_visitor fn;
	void *user;
};

/* What this process does not use stays so. */
static int visit_row(const struct visit *visit, const struct instance_row *stored, struct err *err)
{
	struct row *row = find_row(visit->table, stored->id);
	struct instance instance;
	json_t *conf = NULL;
	int rc = describe_stored(visit->table, stored, &instance, err);

	if (rc == 0)
		rc = instance_conf_parse(instance.plugin, stored->conf, stored->conf_len, &conf,
					 err);
	if (rc != 0)
		return rc;
	if (row != NULL) {
		row->pub.refs = stored->refs;
		instance = row->pub;
	}
	visit->fn(visit->user, &instance, conf);
	json_decref(conf);
	return 0;
}

static void visit_each(void *user, const struct instance_row *stored)
{
	visit_row(user, stored, NULL);
}

int instance_look(struct instance_table *t, int64_t id, instance_visitor fn, void *user,
		  struct err *err)
{
	const struct visit visit = {t, fn, user};
	struct instance_row stored;
	int rc = t->options.store.find(t->options.store.user, id, &stored, err);

	return rc == 0 ? visit_row(&visit, &stored, err) : rc;
}

void instance_each(struct instance_table *t, instance_visitor fn, void *user)
{
	struct visit visit = {t, fn, user};

	t->options.store.each(t->options.store.user, visit_each, &visit);
}
