/* ids_link.h - how a worker gets ids: it asks its supervisor, since it may not be able to write the file.
 *
 * The worker waits for the answer. The supervisor, which waits for nobody, gives it at once, or asks again while another
 * process has the file's lock, for a fifth of a second. When the supervisor is gone, the worker
 * takes to the file itself, as far as its rights allow that. */
#ifndef SERVER_SUPERVISOR_IDS_LINK_H
#define SERVER_SUPERVISOR_IDS_LINK_H
#include "server/registry/ids_file.h"

struct ids_link; /* opaque: the supervisor's end */
struct reactor;

/* The worker's end is *ret_fd, owned, close-on-exec. `ids`, of which `waits` is false, is borrowed. Returns owned in *ret_link. -E_IO,
 * -E_NOMEM. */
int ids_link_create(struct reactor *reactor, struct ids_file *ids, struct ids_link **ret_link,
		    int *ret_fd, struct err *err);
void ids_link_destroy(struct ids_link *link);

/* The worker's end. */
struct ids_source {
	int fd;
	struct ids_file file;
	uint32_t asked; /* how often */
};

/* As of ids_file.h; `user` is the struct ids_source. Also -E_CLOSED, -E_LIMIT for who asks without end. */
int ids_source_reserve_instances(void *user, uint32_t *ret_first, uint32_t *ret_end,
				 struct err *err);
int ids_source_reserve_events(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err);

#endif
