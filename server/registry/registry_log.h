/* registry_log.h - the bytes of a registry: a head, and records one after the other, in a memfd.
 *
 * Glossary: the *head* says where the records begin and *end*; what lies behind the end does not count, so
 * that an append is one write of the record and one of the head, and who dies in between leaves nothing.
 * A log is *rewritten* behind its own end, and valid when the head points there; the *epoch* then counts up,
 * and what others remember of places is void. Both writes of the head lie within a page, which the kernel
 * copies as a whole. Contents are hostile input: whatever runs in a worker can write there. */
#ifndef SERVER_REGISTRY_REGISTRY_LOG_H
#define SERVER_REGISTRY_REGISTRY_LOG_H
#include <stdint.h>
#include "protocol/buf.h"

struct err;
struct instance_row;

struct registry_head {
	uint64_t magic;
	uint64_t epoch;
	int64_t generation;
	uint64_t begin, end; /* offsets of the records */
	uint64_t rows;
};

/* What changes in a record. */
struct registry_use {
	double used_at; /* monotonic seconds */
	int64_t refs;   /* starts minus closes, of all processes */
};

/* Before its texts: plugin, conf and key, each with a NUL, filled up to a multiple of 8. */
struct registry_record {
	uint32_t magic;
	uint32_t hash; /* of the key */
	uint64_t size; /* all of it */
	int64_t id;
	struct registry_use use;
	uint32_t plugin_len, conf_len, key_len;
	uint32_t unused;
};

/* Where a record is to be written. */
struct registry_place {
	uint64_t offset;
	uint32_t hash; /* of the row's key */
};

#define REGISTRY_LOG_BEGIN ((uint64_t)4096) /* where the first records are */

/* An empty log; *ret_fd is owned. -E_IO. */
int registry_log_create(int64_t generation, int *ret_fd, struct err *err);
/* An open file of its own, for locks of its own; *ret_fd is owned. -E_MALFORMED where `fd` is no log, -E_IO. */
int registry_log_open(int fd, int *ret_fd, struct err *err);
/* Waits for a second or two. -E_TIMEOUT, -E_IO. */
int registry_log_lock(int fd);
void registry_log_unlock(int fd);

/* -E_MALFORMED, -E_IO. */
int registry_log_read_head(int fd, struct registry_head *ret);
int registry_log_write_head(int fd, const struct registry_head *head);
/* A head that makes no sense is replaced: the log is empty then, its epoch one that nobody has seen. `last`
 * is what it was when we last saw it. -E_IO. */
int registry_log_repair(int fd, const struct registry_head *last, struct registry_head *ret);
/* The record at `offset`, checked against the head. -E_MALFORMED, -E_IO. */
int registry_log_read(int fd, const struct registry_head *head, uint64_t offset,
		      struct registry_record *ret);
/* Its texts, into `texts` (emptied before), which *ret borrows. -E_MALFORMED, -E_IO, -E_NOMEM. */
int registry_log_read_row(int fd, uint64_t offset, const struct registry_record *record,
			  struct buf *texts, struct instance_row *ret);
/* Writes a record, composed in `scratch`; *ret_size is its length. `hash` is of the row's key. -E_TOO_LARGE, -E_IO, -E_NOMEM. */
int registry_log_write(int fd, const struct registry_place *place, const struct instance_row *row,
		       struct buf *scratch, uint64_t *ret_size);
int registry_log_write_use(int fd, uint64_t offset, const struct registry_use *use);
/* Copies `size` bytes. */
int registry_log_copy(int fd, uint64_t from, uint64_t to, uint64_t size);
/* Makes the file as long as the head says. -E_IO. */
int registry_log_reach(int fd, const struct registry_head *head);
/* Gives back the memory before the records. */
void registry_log_punch(int fd, const struct registry_head *head);
/* Where a log that begins behind `end` has its records. */
uint64_t registry_log_next_begin(uint64_t end);

#endif
