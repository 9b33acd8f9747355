/* processor.h - workers that use more of the processors than worker_cpu_max are killed: what runs in them without end
 * is in no event, or it would meet its deadline. */
#ifndef SERVER_SUPERVISOR_PROCESSOR_H
#define SERVER_SUPERVISOR_PROCESSOR_H

struct group;

/* To be called a few times a second. */
void processor_check(struct group *g, double now);

#endif
