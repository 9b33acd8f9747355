/* server_status.h - the status of a server without supervisor: one group, whose worker is the server. */
#ifndef SERVER_SERVER_STATUS_H
#define SERVER_SERVER_STATUS_H

struct admin;
struct reactor;
struct worker;

struct err;

/* Tells it where the configuration says so. As serving_create_admin. */
int server_status_create(struct reactor *reactor, struct worker *worker, struct admin **ret_admin,
			 struct err *err);

#endif
