/* limits.h - every bound that a peer can hit. Those in struct limits have a configuration key. */
#ifndef PROTOCOL_LIMITS_H
#define PROTOCOL_LIMITS_H
#include <stddef.h>

#define LIMIT_MESSAGE_SIZE ((size_t)64 << 20) /* max_message_size: bytes of one message */
#define LIMIT_MESSAGE_DEPTH 128               /* max_message_depth: nested arrays and maps */
#define LIMIT_MESSAGE_DEPTH_MAX 512           /* what max_message_depth may be set to */
#define LIMIT_BUFFERED_MESSAGES 8 /* of max_message_size: all calls that are not whole yet */
#define LIMIT_CONNECTIONS 4096    /* max_connections */
#define LIMIT_EVENTS 16384        /* max_events: running at once */
#define LIMIT_EVENTS_MAX 65536    /* what max_events may be set to */
#define LIMIT_INSTANCES 65536     /* max_instances: registry rows */
#define LIMIT_EVENT_MEMORY ((size_t)256 << 20) /* event-scoped memory of one event */
#define LIMIT_OWED 256                         /* void calls that aren't waited for, of one event */
#define LIMIT_UNSENT ((size_t)256 << 10)       /* bytes of an event that wait for company */
#define LIMIT_PLUGIN_NAME 128                  /* bytes of a plugin's name */
#define LIMIT_TIMERS 16384                     /* of one plugin, which events may start */
#define LIMIT_LIGHT_THREADS 16384              /* of a plugin in Lua, at once */
#define LIMIT_RUNNING_TIMERS 4096 /* of one plugin, which may be waiting for something */

/* The limits that a decoder applies. */
struct limits {
	size_t message_size;
	unsigned message_depth;
};

#endif
