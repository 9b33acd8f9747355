/* keys.h - files of CURVE keys: {"secret": own, "public": own, "peers": [public, ...]}, in Z85. */
#ifndef SERVER_REMOTE_KEYS_H
#define SERVER_REMOTE_KEYS_H
#include "plugins/remote/remote.h"

struct err;

/* Reads a file that nobody but its owner may read. Owned in *ret_keys. -E_CONF, -E_IO, -E_NOMEM. */
int keys_read(const char *path, struct remote_keys **ret_keys, struct err *err);
/* Wipes them. Accepts NULL. */
void keys_destroy(struct remote_keys *keys);
/* Makes the keys of both ends of a link, one file each (mode 0600), where there is none yet. -E_EXISTS, -E_IO, -E_NOMEM;
 * then neither is there. */
int keys_make(const char *ours, const char *theirs, struct err *err);

#endif
