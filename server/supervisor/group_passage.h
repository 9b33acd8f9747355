/* group_passage.h - a group's connections that go to another server of its sockets, and those that come from one.
 *
 * Where two servers follow each other (a gateway that reloads starts the second), the gateway may send a step of an
 * event that one of them runs over a connection to the other: it goes to who has the event. */
#ifndef SERVER_SUPERVISOR_GROUP_PASSAGE_H
#define SERVER_SUPERVISOR_GROUP_PASSAGE_H
#include "server/supervisor/group.h"

/* For registry_take.h: the way to a predecessor, and to who may be a successor. Take `fd`. */
void group_add_predecessor(void *group, int fd);
void group_add_successor(void *group, int fd);
/* Whether anybody may be one. */
bool group_has_successor(const struct group *g);
/* Sends a connection that is HELD to the server that may have the owner. False where there is none. */
bool group_lend(struct group *g, struct link *link, uint64_t owner);
/* Closes all; connections that were lent are left to whom has them. */
void group_close_passages(struct group *g);

#endif
