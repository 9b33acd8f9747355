/* server_status.h - the status of a server without supervisor: one group, whose worker is the server. */
#ifndef SERVER_SERVER_STATUS_H
#define SERVER_SERVER_STATUS_H

struct admin;
struct reactor;
struct worker;

/* Tells it on the admin socket that the configuration names. Returns owned; NULL where there is to be none, or
 * where that failed, which is logged. */
struct admin *server_status_create(struct reactor *reactor, struct worker *worker);

#endif
