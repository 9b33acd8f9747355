/* cgroup.h - how much memory the machine, or the container that we are in, has. */
#ifndef SERVER_CONFINE_CGROUP_H
#define SERVER_CONFINE_CGROUP_H
#include <stdint.h>

/* Bytes after which the kernel ends processes of our control group, or of one around it (memory.max, or
 * memory.limit_in_bytes of version 1); the machine's memory where that is less. */
uint64_t cgroup_memory(void);

#endif
