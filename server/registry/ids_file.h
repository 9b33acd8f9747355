/* ids_file.h - the file that remembers which ids were given out, over restarts and between processes.
 *
 * A gateway keeps instance ids, and steps under way, of a server that has died; an id that was used twice
 * would run another service's conf. So ids are taken from the file in blocks, written down before use.
 * Several servers may share one file: each block goes to one of them. */
#ifndef SERVER_REGISTRY_IDS_FILE_H
#define SERVER_REGISTRY_IDS_FILE_H
#include <stdint.h>
#include "protocol/err.h"

#define IDS_FILE_NAME "outrigger.ids"
#define IDS_FILE_LOCK_NAME IDS_FILE_NAME ".lock" /* empty; locked by flock(2) during a change */

struct ids_file {
	char *dir;
	int64_t generation; /* of the registry: another number at each opening */
};

/* Reads or makes DIR/outrigger.ids and counts the generation up. -E_IO with what to do,
 * -E_TIMEOUT where another process keeps the lock for a fifth of a second, -E_NOMEM. */
int ids_file_init(struct ids_file *f, const char *dir, struct err *err);
void ids_file_fini(struct ids_file *f);
/* For struct instance_options and struct event_options; `user` is the struct ids_file. The same
 * errors; -E_LIMIT where instance ids are used up. */
int ids_file_reserve_instances(void *user, uint32_t *ret_first, uint32_t *ret_end, struct err *err);
int ids_file_reserve_events(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err);

#endif
