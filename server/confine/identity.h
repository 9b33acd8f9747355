/* identity.h - which user and groups run plugin code. */
#ifndef SERVER_CONFINE_IDENTITY_H
#define SERVER_CONFINE_IDENTITY_H
#include <stdbool.h>
#include <sys/types.h>

struct config;
struct err;

struct identity {
	const char *user; /* as it was set; borrowed; NULL = whoever we are */
	uid_t uid;
	gid_t gid;
};

/* What run_as_user and run_as_group say. -E_CONF, also where we may not become that user. */
int identity_find(const struct config *config, struct identity *ret, struct err *err);
/* Becomes it for good, with the groups that the system's list gives the user. -E_CONF. */
int identity_take(const struct identity *identity, struct err *err);

#endif
