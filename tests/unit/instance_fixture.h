/* instance_fixture.h - instances of two fake plugins, and a second process that shares them. */
#ifndef TESTS_UNIT_INSTANCE_FIXTURE_H
#define TESTS_UNIT_INSTANCE_FIXTURE_H
#include <unistd.h>
#include "plugins/instance.h"
#include "server/registry/registry.h"
#include "tests/unit/fake_runtime.h"
#include "tests/unit/mp_bytes.h"

#define LIVE_IDLE 60.0
#define ROW_IDLE 3600.0

/* What one process has of the instances. */
struct process {
	struct registry *registry;
	struct instance_table *table;
};

/* What was last looked at. */
struct seen {
	struct instance instance;
	json_t *conf;
};

struct fixture {
	int fd; /* the registry's memory */
	struct registry_options rows;
	struct process self, other;
	struct instance_table *table; /* of self */
	struct plugin one, two;
	struct err err;
	struct seen seen;
	/* what reserve_ids gives */
	uint32_t first, block;
	unsigned reservations;
	int reserve_rc;
};

static inline int reserve(void *user, uint32_t *ret_first, uint32_t *ret_end, struct err *err)
{
	struct fixture *f = user;

	if (f->reserve_rc != 0)
		return err_set(err, (enum err_code)(-f->reserve_rc), "can't write ids");
	f->reservations++;
	*ret_first = f->first;
	*ret_end = f->first += f->block;
	return 0;
}

static inline struct plugin *find_plugin(void *user, const char *name)
{
	struct fixture *f = user;

	if (strcmp(name, "one") == 0)
		return &f->one;
	return strcmp(name, "two") == 0 ? &f->two : NULL;
}

static inline void end_process(struct process *p)
{
	instance_table_destroy(p->table);
	registry_close(p->registry);
	*p = (struct process){NULL, NULL};
}

static inline void begin_process(struct fixture *f, struct process *p)
{
	struct instance_options options = {.live_idle = LIVE_IDLE,
					   .find_plugin = find_plugin,
					   .reserve_ids = reserve,
					   .plugin_user = f,
					   .ids_user = f,
					   .watch = fake_watch};

	end_process(p);
	assert_int_equal(registry_open(f->fd, &f->rows, &p->registry, &f->err), 0);
	options.store = registry_store(p->registry);
	p->table = instance_table_create(&options);
	assert_non_null(p->table);
	f->table = f->self.table;
}

static inline void restart(struct fixture *f)
{
	begin_process(f, &f->self);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	memset(&fake, 0, sizeof(fake));
	f->one = (struct plugin){.name = (char *)"one", .runtime = &runtime_fake};
	f->two = (struct plugin){.name = (char *)"two", .runtime = &runtime_fake};
	f->first = 100;
	f->block = 1024;
	f->rows = (struct registry_options){.max = 4, .row_idle = ROW_IDLE};
	if (registry_file_create(7, &f->fd, &f->err) != 0)
		return -1;
	restart(f);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	end_process(&f->self);
	end_process(&f->other);
	json_decref(f->seen.conf);
	close(f->fd);
	free(f);
	return fake.starts != fake.stops || fake.watched != 0;
}

static inline int try_start(struct fixture *f, struct plugin *plugin, const char *conf, double now,
			    int64_t *ret_id)
{
	f->err.text[0] = '\0';
	return instance_start(f->table, plugin, conf, strlen(conf), now, ret_id, &f->err);
}

static inline int64_t start(struct fixture *f, struct plugin *plugin, const char *conf, double now)
{
	int64_t id = -1;

	if (try_start(f, plugin, conf, now, &id) != 0)
		fail_msg("%s", f->err.text);
	return id;
}

static inline int try_get(struct fixture *f, int64_t id, double now, struct instance **ret)
{
	struct instance *instance = NULL;
	int rc = instance_find(f->table, id, &instance, &f->err);

	if (rc == 0)
		rc = instance_revive(f->table, instance, now, &f->err);
	if (rc == 0)
		*ret = instance;
	return rc;
}

static inline struct instance *get(struct fixture *f, int64_t id, double now)
{
	struct instance *instance = NULL;

	assert_int_equal(try_get(f, id, now, &instance), 0);
	assert_non_null(instance->live);
	return instance;
}

static inline void keep_seen(void *user, const struct instance *instance, json_t *conf)
{
	struct fixture *f = user;

	json_decref(f->seen.conf);
	f->seen.instance = *instance;
	f->seen.conf = json_incref(conf);
}

static inline int try_look(struct fixture *f, int64_t id)
{
	return instance_look(f->table, id, keep_seen, f, &f->err);
}

/* Until the next look. */
static inline const struct seen *look(struct fixture *f, int64_t id)
{
	assert_int_equal(try_look(f, id), 0);
	return &f->seen;
}

#endif
