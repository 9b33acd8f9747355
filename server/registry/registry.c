#include "server/registry/registry.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"
#include "server/registry/registry_log.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->oom = true)
#include <uthash.h>

#define LOOK_EVERY 60.0     /* seconds between two looks for idle rows */
#define LOOK_EVERY_FULL 1.0 /* the same when there is no room for a new one */

/* Where a row is. */
struct entry {
	int64_t id;
	uint64_t offset;
	uint32_t hash;
	bool oom;
	struct entry *same; /* another one whose key has the same hash, or NULL */
	UT_hash_handle by_id, by_hash;
};

struct registry {
	struct registry_options options;
	int fd;                    /* our own open file */
	struct registry_head head; /* as it was when we last looked */
	uint64_t read_to;          /* records before this offset are in the index */
	struct entry *by_id, *by_hash;
	struct buf texts, scratch;
	double looked_at; /* for idle rows */
};

/* ---- the index ---- */

/* Until a row is asked for: supervisors have a registry without using it. */
static void forget(struct registry *r)
{
	struct entry *entry, *next;

	HASH_CLEAR(by_hash, r->by_hash);
	HASH_ITER (by_id, r->by_id, entry, next) {
		HASH_DELETE(by_id, r->by_id, entry);
		free(entry);
	}
	r->read_to = r->head.begin;
}

static struct entry *find_entry(struct registry *r, int64_t id)
{
	struct entry *entry;

	HASH_FIND(by_id, r->by_id, &id, sizeof(id), entry);
	return entry;
}

static int link_by_hash(struct registry *r, struct entry *entry)
{
	struct entry *first;

	HASH_FIND(by_hash, r->by_hash, &entry->hash, sizeof(entry->hash), first);
	if (first != NULL) {
		entry->same = first->same;
		first->same = entry;
		return 0;
	}
	HASH_ADD(by_hash, r->by_hash, hash, sizeof(entry->hash), entry);
	return entry->oom ? -E_NOMEM : 0;
}

/* Of two rows with one id, which only damage makes, the first counts. */
static int add_entry(struct registry *r, const struct registry_record *record, uint64_t offset)
{
	struct entry *entry;
	int rc;

	if (find_entry(r, record->id) != NULL)
		return 0;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return -E_NOMEM;
	entry->id = record->id;
	entry->offset = offset;
	entry->hash = record->hash;
	HASH_ADD(by_id, r->by_id, id, sizeof(entry->id), entry);
	if (entry->oom) {
		free(entry);
		return -E_NOMEM;
	}
	rc = link_by_hash(r, entry);
	if (rc != 0) {
		HASH_DELETE(by_id, r->by_id, entry);
		free(entry);
	}
	return rc;
}

/* ---- what others have done since ---- */

/* What can't be read is cut off, for all processes: the gateway starts those instances anew. */
static int cut(struct registry *r)
{
	log_line(LOG_LEVEL_ERR,
		 "the registry of instances is damaged: %llu of its %llu rows are lost",
		 (unsigned long long)(r->head.rows - HASH_CNT(by_id, r->by_id)),
		 (unsigned long long)r->head.rows);
	r->head.end = r->read_to;
	r->head.rows = HASH_CNT(by_id, r->by_id);
	r->head.epoch++;
	return registry_log_write_head(r->fd, &r->head);
}

static int read_appended(struct registry *r)
{
	int rc = 0;

	while (rc == 0 && r->read_to < r->head.end) {
		struct registry_record record;

		rc = registry_log_read(r->fd, &r->head, r->read_to, &record);
		if (rc == -E_MALFORMED)
			return cut(r);
		if (rc == 0)
			rc = add_entry(r, &record, r->read_to);
		if (rc == 0)
			r->read_to += record.size;
	}
	return rc;
}

static int read_head(struct registry *r, struct registry_head *ret)
{
	int rc = registry_log_read_head(r->fd, ret);

	if (rc != -E_MALFORMED)
		return rc;
	log_line(LOG_LEVEL_ERR, "the registry of instances is damaged: all its rows are lost");
	return registry_log_repair(r->fd, &r->head, ret);
}

static int refresh(struct registry *r)
{
	struct registry_head head;
	int rc = read_head(r, &head);
	bool is_other;

	if (rc != 0)
		return rc;
	is_other = head.epoch != r->head.epoch || head.begin != r->head.begin ||
		   head.end < r->read_to;
	r->head = head;
	if (is_other)
		forget(r);
	return read_appended(r);
}

/* Locked, and up to date. On failure it is not locked. */
static int enter(struct registry *r)
{
	int rc = registry_log_lock(r->fd);

	if (rc != 0)
		return rc;
	rc = refresh(r);
	if (rc != 0)
		registry_log_unlock(r->fd);
	return rc;
}

static int leave(struct registry *r, int rc)
{
	registry_log_unlock(r->fd);
	return rc;
}

/* Its rows are read when the first of them is asked for. */
static int look_first(struct registry *r)
{
	int rc = registry_log_lock(r->fd);

	if (rc != 0)
		return rc;
	rc = leave(r, read_head(r, &r->head));
	forget(r);
	return rc;
}

static int explain(int rc, struct err *err)
{
	return rc == 0 ? 0
		       : err_set(err, (enum err_code)(-rc),
				 "the registry of instances can't be used: %s", err_text(rc));
}

/* ---- reading rows ---- */

static int read_record(struct registry *r, const struct entry *entry, struct registry_record *ret)
{
	int rc = registry_log_read(r->fd, &r->head, entry->offset, ret);

	return rc == 0 && ret->id != entry->id ? -E_MALFORMED : rc;
}

static int read_row(struct registry *r, const struct entry *entry, struct instance_row *ret)
{
	struct registry_record record;
	int rc = read_record(r, entry, &record);

	return rc == 0 ? registry_log_read_row(r->fd, entry->offset, &record, &r->texts, ret) : rc;
}

static int no_instance(int64_t id, struct err *err)
{
	return err_set(err, E_NO_INSTANCE, "%s %lld", err_text(E_NO_INSTANCE), (long long)id);
}

int registry_find(void *user, int64_t id, struct instance_row *ret, struct err *err)
{
	struct registry *r = user;
	const struct entry *entry;
	int rc = enter(r);

	if (rc != 0)
		return explain(rc, err);
	entry = find_entry(r, id);
	rc = entry != NULL ? read_row(r, entry, ret) : -E_NO_INSTANCE;
	leave(r, rc);
	if (rc == -E_NO_INSTANCE || rc == -E_MALFORMED)
		return no_instance(id, err);
	return explain(rc, err);
}

/* What was there at the beginning. */
static int copy_ids(struct registry *r, int64_t **ret_ids, size_t *ret_count)
{
	size_t n = HASH_CNT(by_id, r->by_id);
	int64_t *ids = calloc(n + 1, sizeof(*ids));
	struct entry *entry, *next;
	size_t i = 0;

	if (ids == NULL)
		return -E_NOMEM;
	HASH_ITER (by_id, r->by_id, entry, next)
		ids[i++] = entry->id;
	*ret_ids = ids;
	*ret_count = n;
	return 0;
}

int registry_each(void *user, void (*fn)(void *user, const struct instance_row *row), void *fn_user)
{
	struct registry *r = user;
	struct instance_row row = {0};
	int64_t *ids = NULL;
	size_t n = 0;
	int rc = enter(r);

	if (rc == 0)
		rc = leave(r, copy_ids(r, &ids, &n));
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (registry_find(r, ids[i], &row, NULL) == 0)
			fn(fn_user, &row);
	free(ids);
	return rc;
}

size_t registry_count(void *user)
{
	struct registry *r = user;

	return enter(r) == 0 ? (leave(r, 0), HASH_CNT(by_id, r->by_id)) : 0;
}

/* ---- rows that nobody uses ---- */

static bool is_idle(const struct registry *r, const struct registry_record *record, double now)
{
	return !(now - record->use.used_at <= r->options.row_idle);
}

static size_t count_idle(struct registry *r, double now)
{
	struct registry_record record;
	struct entry *entry, *next;
	size_t n = 0;

	HASH_ITER (by_id, r->by_id, entry, next)
		n += read_record(r, entry, &record) != 0 || is_idle(r, &record, now);
	return n;
}

/* Copies a row behind *ret_end unless it is idle. */
static int keep_row(struct registry *r, const struct entry *entry, double now,
		    struct registry_head *head)
{
	struct registry_record record;
	int rc = read_record(r, entry, &record);

	if (rc == -E_MALFORMED || (rc == 0 && is_idle(r, &record, now)))
		return 0;
	if (rc == 0)
		rc = registry_log_copy(r->fd, entry->offset, head->end, record.size);
	if (rc == 0) {
		head->end += record.size;
		head->rows++;
	}
	return rc;
}

static int rewrite(struct registry *r, double now)
{
	struct registry_head head = r->head;
	struct entry *entry, *next;
	int rc = 0;

	head.epoch++;
	head.rows = 0;
	head.begin = head.end = registry_log_next_begin(r->head.end);
	HASH_ITER (by_id, r->by_id, entry, next) {
		rc = keep_row(r, entry, now, &head);
		if (rc != 0)
			return rc;
	}
	rc = registry_log_reach(r->fd, &head);
	if (rc == 0)
		rc = registry_log_write_head(r->fd, &head);
	if (rc == 0)
		registry_log_punch(r->fd, &head);
	return rc == 0 ? refresh(r) : rc;
}

/* A rewriting costs what it keeps, so it has to be worth it, unless there is no room. */
static int evict(struct registry *r, double now, bool is_full)
{
	size_t idle;

	if (now - r->looked_at < (is_full ? LOOK_EVERY_FULL : LOOK_EVERY))
		return 0;
	r->looked_at = now;
	idle = count_idle(r, now);
	if (idle == 0 || (!is_full && idle < HASH_CNT(by_id, r->by_id) / 2))
		return 0;
	return rewrite(r, now);
}

void registry_evict(void *user, double now)
{
	struct registry *r = user;

	if (now - r->looked_at >= LOOK_EVERY && enter(r) == 0)
		leave(r, evict(r, now, false));
}

/* ---- changing rows ---- */

static int change_use(struct registry *r, const struct entry *entry, double now, int refs)
{
	struct registry_record record;
	int rc = read_record(r, entry, &record);

	if (rc != 0)
		return rc;
	if (!(record.use.used_at >= now))
		record.use.used_at = now;
	if (refs > 0 ? record.use.refs < INT32_MAX : record.use.refs > 0)
		record.use.refs += refs;
	return registry_log_write_use(r->fd, entry->offset, &record.use);
}

void registry_use(void *user, int64_t id, double now, int refs)
{
	struct registry *r = user;
	const struct entry *entry;

	if (enter(r) != 0)
		return;
	entry = find_entry(r, id);
	if (entry != NULL)
		change_use(r, entry, now, refs);
	leave(r, 0);
}

static uint32_t hash_of(const struct instance_row *row)
{
	unsigned hash;

	HASH_JEN(row->key, row->key_len, hash);
	return hash;
}

static struct entry *find_equal(struct registry *r, const struct instance_row *row)
{
	uint32_t hash = hash_of(row);
	struct instance_row other;
	struct entry *entry;

	HASH_FIND(by_hash, r->by_hash, &hash, sizeof(hash), entry);
	for (; entry != NULL; entry = entry->same)
		if (read_row(r, entry, &other) == 0 && other.key_len == row->key_len &&
		    memcmp(other.key, row->key, row->key_len) == 0)
			return entry;
	return NULL;
}

int registry_find_equal(void *user, const struct instance_row *row, int64_t *ret_id,
			struct err *err)
{
	struct registry *r = user;
	const struct entry *same;
	int rc = enter(r);

	if (rc != 0)
		return explain(rc, err);
	same = find_equal(r, row);
	*ret_id = same != NULL ? same->id : 0;
	return leave(r, 0);
}

static int append(struct registry *r, const struct instance_row *row, struct err *err)
{
	const struct registry_place place = {r->head.end, hash_of(row)};
	struct registry_head head = r->head;
	uint64_t size = 0;
	int rc = registry_log_write(r->fd, &place, row, &r->scratch, &size);

	head.end += size;
	head.rows++;
	if (rc == 0)
		rc = registry_log_write_head(r->fd, &head);
	if (rc == 0)
		rc = refresh(r);
	return explain(rc, err);
}

static int check_room(struct registry *r, double now, struct err *err)
{
	int rc = 0;

	if (HASH_CNT(by_id, r->by_id) >= r->options.max)
		rc = evict(r, now, true);
	if (rc != 0)
		return explain(rc, err);
	if (HASH_CNT(by_id, r->by_id) < r->options.max)
		return 0;
	return err_set(err, E_LIMIT,
		       "%u instances are in use, no more are allowed: raise max_instances, or use "
		       "fewer confs",
		       (unsigned)HASH_CNT(by_id, r->by_id));
}

static int add_new(struct registry *r, const struct instance_row *row,
		   const struct instance_ids *ids, int64_t *ret_id, struct err *err)
{
	struct instance_row copy = *row;
	int rc = check_room(r, row->used_at, err);

	if (rc != 0)
		return rc;
	/* Only damage makes an id known that is new. */
	do {
		rc = ids->take(ids->user, &copy.id, err);
	} while (rc == 0 && find_entry(r, copy.id) != NULL);
	if (rc == 0)
		rc = append(r, &copy, err);
	if (rc == 0)
		*ret_id = copy.id;
	return rc;
}

int registry_share(void *user, const struct instance_row *row, const struct instance_ids *ids,
		   int64_t *ret_id, struct err *err)
{
	struct registry *r = user;
	const struct entry *same;
	int rc = enter(r);

	if (rc != 0)
		return explain(rc, err);
	same = find_equal(r, row);
	if (same == NULL)
		return leave(r, add_new(r, row, ids, ret_id, err));
	rc = change_use(r, same, row->used_at, (int)row->refs);
	if (rc == 0)
		*ret_id = same->id;
	return explain(leave(r, rc), err);
}

/* ---- two become one ---- */

struct merge {
	struct registry *into;
	int rc;
};

static void merge_row(void *user, const struct instance_row *row)
{
	struct merge *merge = user;
	int rc = merge->rc == 0 ? enter(merge->into) : merge->rc;

	if (rc == 0 && find_entry(merge->into, row->id) == NULL)
		rc = append(merge->into, row, NULL);
	if (merge->rc == 0)
		merge->rc = leave(merge->into, rc);
}

int registry_merge(struct registry *r, struct registry *from, struct err *err)
{
	struct merge merge = {.into = r};
	int rc = registry_each(from, merge_row, &merge);

	forget(r);
	return explain(rc == 0 ? merge.rc : rc, err);
}

/* ---- the whole ---- */

int registry_file_create(int64_t generation, int *ret_fd, struct err *err)
{
	return registry_log_create(generation, ret_fd, err);
}

size_t registry_file_count(int fd)
{
	struct registry_head head;

	return registry_log_read_head(fd, &head) == 0 ? (size_t)head.rows : 0;
}

int registry_open(int fd, const struct registry_options *options, struct registry **ret_registry,
		  struct err *err)
{
	struct registry *r = calloc(1, sizeof(*r));
	int rc;

	if (r == NULL)
		return err_set(err, E_NOMEM, "no memory for the registry of instances");
	r->options = *options;
	r->looked_at = -LOOK_EVERY;
	r->fd = -1;
	rc = registry_log_open(fd, &r->fd, err);
	if (rc == 0)
		rc = explain(look_first(r), err);
	if (rc != 0) {
		registry_close(r);
		return rc;
	}
	*ret_registry = r;
	return 0;
}

void registry_close(struct registry *r)
{
	if (r == NULL)
		return;
	forget(r);
	buf_fini(&r->texts);
	buf_fini(&r->scratch);
	if (r->fd >= 0)
		close(r->fd);
	free(r);
}

int64_t registry_generation(const struct registry *r)
{
	return r->head.generation;
}

int registry_fd(const struct registry *r)
{
	return r->fd;
}

struct instance_store registry_store(struct registry *r)
{
	return (struct instance_store){
		.find = registry_find,
		.find_equal = registry_find_equal,
		.share = registry_share,
		.use = registry_use,
		.evict = registry_evict,
		.count = registry_count,
		.each = registry_each,
		.user = r,
	};
}
