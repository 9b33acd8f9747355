/* pdk_counters.h - what a plugin's PDK calls have cost, by row.
 *
 * The counters of a plugin are one flat array of PDK_COUNTERS numbers, which the server may put where it
 * likes (shared memory, say) and read at any time; pdk_env.counters points to it. Only the process that
 * runs the plugin writes to it.
 * To count something else: add it to enum pdk_counter and to the names in pdk_counters.c. */
#ifndef PDK_BRIDGE_PDK_COUNTERS_H
#define PDK_BRIDGE_PDK_COUNTERS_H
#include <stdint.h>
#include "pdk-bridge/pdk.h"

/* What is counted of each row; each call that reaches the wire counts once, on the row that it carries. */
enum pdk_counter {
	PDK_COUNT_ROUND_TRIPS, /* sent, and the answer waited for */
	PDK_COUNT_PIPELINED, /* sent without waiting: void calls over ProtoBuf:1, terminal calls */
	PDK_COUNT_SAVED,     /* not sent: the answer was known from an earlier call */
	PDK_COUNT_FILTERED,  /* not sent: a log call below log_level */
	PDK_COUNTER_COUNT
};

#define PDK_COUNTERS ((size_t)PDK_ID_COUNT * PDK_COUNTER_COUNT)

/* The place of a row's counter in the array. */
static inline size_t pdk_counter_at(enum pdk_id id, enum pdk_counter counter)
{
	return (size_t)id * PDK_COUNTER_COUNT + counter;
}

/* Adds one. `counters` may be NULL. */
static inline void pdk_count(uint64_t *counters, enum pdk_id id, enum pdk_counter counter)
{
	if (counters != NULL)
		counters[pdk_counter_at(id, counter)]++;
}

/* "round_trips" */
const char *pdk_counter_name(enum pdk_counter counter);

#endif
