/* cosocket_name.h - names to addresses, by c-ares: the hosts file, then DNS. As struct sockets has them. */
#ifndef SERVER_COSOCKET_COSOCKET_NAME_H
#define SERVER_COSOCKET_COSOCKET_NAME_H
#include "plugins/sockets.h"

struct cosocket_query *cosocket_name_resolve(struct cosocket_home *home, const char *name,
					     cosocket_resolved fn, void *user);
void cosocket_name_forget(struct cosocket_query *query);
void cosocket_name_end(struct cosocket_home *home);

#endif
