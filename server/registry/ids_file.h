/* ids_file.h - the file that remembers which ids were given out, over restarts and between processes.
 *
 * A gateway keeps instance ids, and steps under way, of a server that has died; an id that was used twice
 * would run another service's conf. So ids are taken from the file in blocks, written down before use.
 * Several servers may share one file: each block goes to one of them. The file takes its room when it is made and
 * is written in its place (ids_slots.h), so that a full disk does not take the ids away. */
#ifndef SERVER_REGISTRY_IDS_FILE_H
#define SERVER_REGISTRY_IDS_FILE_H
#include <stdbool.h>
#include <stdint.h>
#include "protocol/err.h"

#define IDS_FILE_NAME "outrigger.ids"
#define IDS_FILE_LOCK_NAME IDS_FILE_NAME ".lock" /* empty; locked by flock(2) during a change */

#define IDS_FILE_PAUSE 0.005 /* seconds between two tries to have the lock, for who waits */
#define IDS_FILE_TRIES 40    /* a fifth of a second: a change takes some milliseconds */

struct ids_file {
	char *dir;
	bool waits; /* where others have the lock; else -E_TIMEOUT comes at once, and one may ask again */
	int64_t generation; /* of the registry: another number at each opening */
};

/* Reads or makes DIR/outrigger.ids and counts the generation up. -E_IO with what to do,
 * -E_LIMIT where the disk is full, -E_TIMEOUT where another process keeps the lock for a fifth of a second, -E_NOMEM.
 * It waits for the lock from then on too, until the caller says otherwise in f->waits. */
int ids_file_init(struct ids_file *f, const char *dir, struct err *err);
void ids_file_fini(struct ids_file *f);
/* For struct instance_options and struct event_options; `user` is the struct ids_file. The same
 * errors; -E_LIMIT where instance ids are used up. */
int ids_file_reserve_instances(void *user, uint32_t *ret_first, uint32_t *ret_end, struct err *err);
int ids_file_reserve_events(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err);

#endif
