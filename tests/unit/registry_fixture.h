/* registry_fixture.h - a registry and its rows. */
#ifndef TESTS_UNIT_REGISTRY_FIXTURE_H
#define TESTS_UNIT_REGISTRY_FIXTURE_H
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"
#include "server/registry/registry.h"
#include "server/registry/registry_log.h"
#include "tests/lib/unit.h"

#define GENERATION 42
#define ROW_IDLE 100.0

struct fixture {
	int fd;
	struct registry_options options;
	struct registry *registry;
	int64_t next_id;
	struct err err;
};

static inline int take(void *user, int64_t *ret_id, struct err *err)
{
	struct fixture *f = user;

	(void)err;
	*ret_id = f->next_id++;
	return 0;
}

static inline struct registry *open_anew(struct fixture *f)
{
	struct registry *r = NULL;

	if (registry_open(f->fd, &f->options, &r, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return r;
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL || registry_file_create(GENERATION, &f->fd, &f->err) != 0)
		return -1;
	log_open("stderr", LOG_LEVEL_EMERG, NULL);
	f->options = (struct registry_options){.max = 100000, .row_idle = ROW_IDLE};
	f->next_id = 1;
	f->registry = open_anew(f);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	registry_close(f->registry);
	close(f->fd);
	free(f);
	return 0;
}

static inline void restart(struct fixture *f)
{
	registry_close(f->registry);
	f->registry = open_anew(f);
}

/* The row of plugin "p" whose conf holds the number n and is `fill` bytes longer than it need be. */
static inline int share(struct fixture *f, int n, int fill, double now, int64_t *ret_id)
{
	const struct instance_ids ids = {take, f};
	struct instance_row row = {.plugin = "p", .refs = 1, .used_at = now};
	char *conf = NULL;
	int rc;

	row.conf_len = (size_t)asprintf(&conf, "{\"n\":%d,\"fill\":\"%0*d\"}", n, fill + 1, 0);
	row.conf = row.key = conf;
	row.key_len = row.conf_len;
	rc = registry_share(f->registry, &row, &ids, ret_id, &f->err);
	free(conf);
	return rc;
}

static inline int64_t add(struct fixture *f, int n, double now)
{
	int64_t id = 0;

	if (share(f, n, 0, now, &id) != 0)
		fail_msg("%s", f->err.text);
	return id;
}

static inline bool has(struct fixture *f, int64_t id, int n)
{
	struct instance_row row = {0};
	char start[32];

	if (registry_find(f->registry, id, &row, &f->err) != 0)
		return false;
	snprintf(start, sizeof(start), "{\"n\":%d,", n);
	assert_int_equal(row.id, id);
	assert_string_equal(row.plugin, "p");
	assert_memory_equal(row.conf, start, strlen(start));
	assert_string_equal(row.key, row.conf);
	return true;
}

static inline uint64_t memory_used(struct fixture *f)
{
	struct stat st;

	assert_int_equal(fstat(f->fd, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

static inline struct registry_head head_of(struct fixture *f)
{
	struct registry_head head;

	assert_int_equal(pread(f->fd, &head, sizeof(head), 0), (ssize_t)sizeof(head));
	return head;
}

#endif
