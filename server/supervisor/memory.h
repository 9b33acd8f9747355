/* memory.h - workers that take too much memory are replaced, or killed, before the kernel chooses whom to kill.
 *
 * At 80 % of a limit the worker gets a successor and drains, as in a reload; above the limit it is killed. Limits
 * are worker_memory_max, of each, and memory_max, of all workers together, where it is the largest that goes. */
#ifndef SERVER_SUPERVISOR_MEMORY_H
#define SERVER_SUPERVISOR_MEMORY_H
#include <stddef.h>
#include <stdint.h>

struct config;
struct group;

struct memory_watch {
	uint64_t budget; /* bytes for all workers; 0 = not known yet */
};

/* To be called a few times a second. */
void memory_check(struct memory_watch *watch, const struct config *config,
		  struct group *const *groups, size_t count);

#endif
