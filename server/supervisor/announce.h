/* announce.h - what people and the gateway are told of a group's plugins: the log, NAME.json, `outrigger status`. */
#ifndef SERVER_SUPERVISOR_ANNOUNCE_H
#define SERVER_SUPERVISOR_ANNOUNCE_H

struct group;

/* It serves; or it does not. */
void announce_group(struct group *g);
/* What has changed since: a worker that was not there, or another one in its place, may say something new; and files
 * that have vanished are written again. */
void announce_again(struct group *g);
/* Its successors are seated: what they say of their plugins holds. */
void announce_changes(struct group *g);
/* A reload has added it, or left it out. */
void announce_new(struct group *g);
void announce_retired(const struct group *g);

#endif
