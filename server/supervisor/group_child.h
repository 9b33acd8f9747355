/* group_child.h - the workers of a group: seated, followed by others, replaced at a reload. For group.c. */
#ifndef SERVER_SUPERVISOR_GROUP_CHILD_H
#define SERVER_SUPERVISOR_GROUP_CHILD_H
#include "server/supervisor/group.h"

/* -E_NOMEM. */
int seat_init(struct seat *seat, struct group *g, size_t number);
void seat_fini(struct seat *seat);
/* As many empty ones more as make that count; drops those beyond it. -E_NOMEM, -E_LIMIT. */
int group_add_seats(struct group *g, size_t count);
void group_drop_seats(struct group *g, size_t count);
/* With what a worker starts. */
struct seat_start {
	const struct config *config;
	int config_fd; /* the same as a text */
	int shared_fd;
	bool checks; /* the instances that there are, before it is ready */
};
/* Starts a worker for the seat, in *ret_child. As child_create. */
int seat_start(struct seat *seat, const struct seat_start *start, struct child **ret_child,
	       struct err *err);
/* The same for the empty seat, with the group's settings; what fails is tried again. */
void seat_fill(struct seat *seat);
/* The settings of the group as a sealed file. As config_text_write and sealed_file_create. */
int group_config_file(const struct config *config, const struct plan_group *plan, int *ret_fd,
		      struct err *err);

/* Of group.c: gives a connection that is HELD to a worker, or lets it wait for one. It may be gone then. */
void group_place(struct group *g, struct link *link);
/* A new connection, HELD; NULL where it was refused and is gone. Takes its descriptor. */
struct link *group_take_in(struct group *g, const struct link_start *start);
/* A connection that is HELD goes to who has the event; what nobody has any more, the supervisor answers. */
void group_route(struct group *g, struct link *link, uint64_t owner);
/* Nobody serves, and nobody will soon: calls are answered here. */
void group_give_up(struct group *g);
/* A worker is ready: hands on all that may be served. */
void group_serve_again(struct group *g);
/* Hands on what waits here. */
void group_tidy(struct group *g);
/* Tells a worker where the group listens. */
void group_tell_sockets(struct group *g, struct child *child);

#endif
