/* custody_file.h - a worker's custody segment (custody.h) as the supervisor sees it.
 *
 * By system calls, as hostile input. A slot belongs to the supervisor until it has given it to a worker, and
 * again when that worker is dead, or has said that the connection has ended or was released. */
#ifndef SERVER_CUSTODY_CUSTODY_FILE_H
#define SERVER_CUSTODY_CUSTODY_FILE_H
#include "server/custody/custody.h"

/* Room for messages of that size, and for another one before each that can't be moved. */
uint64_t custody_region_for(size_t message_size);

/* Makes a segment, all of it zero: blank slots, free records. Returns its descriptor in *ret_fd, owned,
 * close-on-exec. -E_IO, -E_LIMIT (more than the address space has). */
int custody_file_create(const struct custody_layout *layout, int *ret_fd, struct err *err);

/* A connection as a dead worker left it, or as one released it. */
struct custody_find {
	struct session_state
		state; /* valid (session_state.h); offsets are those of the bytes below */
	enum custody_doubt doubt;
	struct buf in, out; /* its bytes, on the heap */
};
/* Reads a slot that no worker writes to any more. *ret is written only on success; custody_find_fini frees
 * it. -E_MALFORMED (the slot makes no sense), -E_IO, -E_NOMEM. */
int custody_file_read(int fd, const struct custody_layout *layout, uint32_t slot,
		      struct custody_find *ret);
/* Accepts a zeroed one. */
void custody_find_fini(struct custody_find *find);
/* Puts a connection into a slot that nobody uses; `find` is as session_save made it (session.h), or zeroed
 * but for state.tag: a connection on which nothing was said. -E_TOO_LARGE where its bytes don't fit,
 * -E_IO. */
int custody_file_write(int fd, const struct custody_layout *layout, uint32_t slot,
		       const struct custody_find *find);
/* Empties a slot that nobody uses, its memory given back. -E_IO. */
int custody_file_clear(int fd, const struct custody_layout *layout, uint32_t slot);
/* The same, its memory kept for the next connection: 16 KiB of each region at most. -E_TOO_LARGE where there is
 * more, and nothing has changed. -E_IO. */
int custody_file_blank(int fd, const struct custody_layout *layout, uint32_t slot);
/* The event of that id. False where there is none, or its record makes no sense. */
bool custody_file_find_event(int fd, const struct custody_layout *layout, uint64_t id,
			     struct event_record *ret);
/* All events that have not ended. Returns an owned array in *ret_records, NULL where there are none.
 * -E_IO, -E_NOMEM. */
int custody_file_events(int fd, const struct custody_layout *layout,
			struct event_record **ret_records, size_t *ret_count);

/* The same as a file of its own, for another process: sealed against a change of size. -E_IO. */
int custody_file_pack(const struct custody_find *find, int *ret_fd, struct err *err);
/* Reads one that somebody else has made. As custody_file_read. */
int custody_file_unpack(int fd, struct custody_find *ret);

struct custody_load {
	uint32_t connections, events;
	bool runs;       /* plugin code runs, ... */
	uint32_t plugin; /* not checked */
	uint64_t event;
	double since;
};
/* Of a worker that lives, as well. -E_IO. */
int custody_file_load(int fd, struct custody_load *ret);

#endif
