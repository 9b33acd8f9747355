/* check_gateway.h - whether the gateway's configuration fits to ours.
 *
 * Runs nothing of what it finds there. Three files: names and sockets (check_gateway.c), who may reach
 * them (check_access.c), and what would run in the gateway instead (check_local.c). */
#ifndef SERVER_CHECK_CHECK_GATEWAY_H
#define SERVER_CHECK_CHECK_GATEWAY_H
#include <stdbool.h>
#include <sys/types.h>
#include "server/command/report.h"
#include "server/config/config.h"
#include "server/config/kong_conf_file.h"

/* What is compared. Borrows all. */
struct gateway_check {
	struct report *report;
	const struct config *config;
	const struct kong_conf *kong;
};

/* All of it. -E_NOMEM. */
int check_gateway(const struct gateway_check *check);

/* A socket of ours, and whether the gateway starts its server itself. */
struct checked_socket {
	const char *plugin;
	const char *path;
	bool started_by_gateway;
};

#define GATEWAY_GROUPS_MAX 256

/* The user that the gateway's workers run as. */
struct gateway_user {
	char name[64];
	uid_t uid;
	gid_t gid;
	gid_t groups[GATEWAY_GROUPS_MAX];
	int group_count;
};

/* false where it is not known here, which is said. */
bool check_find_user(const struct gateway_check *check, struct gateway_user *ret_user);
/* Whether the gateway's workers get to the socket, and may write to it. `user` is NULL where it is not
 * known. */
void check_access(const struct gateway_check *check, const struct gateway_user *user,
		  const struct checked_socket *socket);
/* Whether a server that runs as that user may read the file or folder of ours that `key` names. `path` and
 * `user` may be NULL. */
void check_readable(const struct gateway_check *check, const struct gateway_user *user,
		    const char *key, const char *path);
/* Whether the gateway would find kong.plugins.PLUGIN.handler itself and run it in process. */
void check_local(const struct gateway_check *check, const char *plugin);

#endif
