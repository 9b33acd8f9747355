/* instance_check.h - whether new code can go on with the instances that the gateway has. */
#ifndef SERVER_SUPERVISOR_INSTANCE_CHECK_H
#define SERVER_SUPERVISOR_INSTANCE_CHECK_H

struct err;
struct registry;
struct worker;

/* Starts each instance of the registry that somebody refers to. 0, or why the first one can't be. */
int instance_check_run(struct worker *w, struct registry *r, struct err *err);

#endif
