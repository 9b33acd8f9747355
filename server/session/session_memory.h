/* session_memory.h - what large calls that are not whole yet take, of all sessions of a process. */
#ifndef SERVER_SESSION_SESSION_MEMORY_H
#define SERVER_SESSION_SESSION_MEMORY_H
#include <stdbool.h>
#include <stddef.h>
#include "server/socket/shares.h"

struct session;

/* Zeroed = nothing. */
struct session_memory {
	size_t total;          /* bytes */
	struct session *large; /* the list of those that have any */
	bool was_large;        /* there was one, since its reader has cleared this */
	struct shares shares;  /* of the processes at their other ends, in bytes */
};

#endif
