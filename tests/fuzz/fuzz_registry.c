/* fuzz_registry.c - what a wild process may leave in a registry: a head, then records. Whatever it is, a
 * process that has it open goes on, and what it adds is found. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"
#include "server/registry/registry.h"
#include "server/registry/registry_log.h"

#define ROWS_MAX 50

static void must(bool condition)
{
	if (!condition)
		abort();
}

static int take_id(void *user, int64_t *ret_id, struct err *err)
{
	(void)err;
	*ret_id = ++*(int64_t *)user;
	return 0;
}

/* Adds or finds a row; there may be no room. */
static void share(struct registry *r, const char *conf, double now)
{
	static int64_t last = 1000000; /* ids of the input are mostly below */
	int64_t id = 0;
	const struct instance_ids ids = {take_id, &last};
	const struct instance_row row = {.plugin = "p",
					 .conf = conf,
					 .conf_len = strlen(conf),
					 .key = conf,
					 .key_len = strlen(conf),
					 .refs = 1,
					 .used_at = now};
	struct instance_row found = {0};
	int rc = registry_share(r, &row, &ids, &id, NULL);

	if (rc == -E_LIMIT)
		return;
	must(rc == 0);
	must(registry_find(r, id, &found, NULL) == 0);
	must(found.key_len == row.key_len && memcmp(found.key, conf, row.key_len) == 0);
}

static void look(void *user, const struct instance_row *row)
{
	must(row->plugin != NULL && row->id > 0);
	must(strlen(row->conf) <= row->conf_len && strlen(row->key) <= row->key_len);
	++*(size_t *)user;
}

static void use(struct registry *r)
{
	size_t rows = 0;

	registry_use(r, 1, 5, 1);
	registry_use(r, 2, 5, -1);
	share(r, "{\"a\":1}", 5);
	registry_each(r, look, &rows);
	registry_evict(r, 1000);
	share(r, "{\"a\":2}", 2000);
	registry_evict(r, 3000);
	must(registry_count(r) <= ROWS_MAX + 100);
}

static void spoil(int fd, const uint8_t *data, size_t size)
{
	size_t head = size < sizeof(struct registry_head) ? size : sizeof(struct registry_head);

	must(pwrite(fd, data, head, 0) == (ssize_t)head);
	must(pwrite(fd, data + head, size - head, (off_t)REGISTRY_LOG_BEGIN) ==
	     (ssize_t)(size - head));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct registry_options options = {.max = ROWS_MAX, .row_idle = 100};
	struct registry *before = NULL, *after = NULL;
	int fd = -1;

	log_open("stderr", LOG_LEVEL_EMERG, NULL);
	must(registry_file_create(7, &fd, NULL) == 0);
	must(registry_open(fd, &options, &before, NULL) == 0);
	share(before, "{}", 1);
	spoil(fd, data, size);
	if (registry_open(fd, &options, &after, NULL) == 0)
		use(after);
	use(before);
	registry_close(before);
	registry_close(after);
	close(fd);
	return 0;
}
