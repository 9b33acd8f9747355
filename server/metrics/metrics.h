/* metrics.h - what a worker counts.
 *
 * One struct per plugin, in the order of the worker's plugins, of nothing but 64-bit numbers: it may lie in
 * memory that others read at any time, and after the worker's death (metrics_file.h), and can be added to
 * another one as an array. Only the process that runs the plugin writes to it.
 * To count something else: add a member, set it where it happens, and name it in metrics_text.c. */
#ifndef SERVER_METRICS_METRICS_H
#define SERVER_METRICS_METRICS_H
#include <stddef.h>
#include <stdint.h>
#include "pdk-bridge/pdk_counters.h"
#include "pdk-bridge/phase.h"

/* How an event has ended. */
enum metrics_outcome {
#define OUTCOME(name, text) METRICS_##name,
#include "server/metrics/outcomes.def"
#undef OUTCOME
	METRICS_OUTCOMES
};

#define METRICS_BUCKETS 16 /* with an upper bound; what is beyond is one more */

/* Durations, by size; not cumulative. */
struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS + 1];
	uint64_t nanoseconds; /* all together */
};

struct metrics_phase {
	uint64_t events[METRICS_OUTCOMES];
	struct metrics_histogram whole;   /* from the gateway's call to the end */
	struct metrics_histogram handler; /* of that, the time in which the gateway waited for us */
};

struct metrics_plugin {
	struct metrics_phase phases[PHASE_COUNT];
	struct metrics_histogram calls[PDK_ID_COUNT]; /* round trips to the gateway, by row */
	uint64_t counters[PDK_COUNTERS];
	uint64_t starts, refused_starts; /* of instances, as the gateway asked for them */
	uint64_t dicts_emptied;          /* shared dictionaries that were not in order */
};

#define METRICS_NUMBERS (sizeof(struct metrics_plugin) / sizeof(uint64_t))

/* The upper bounds of the buckets, in seconds, rising. */
extern const double metrics_bounds[METRICS_BUCKETS];

/* "error" */
const char *metrics_outcome_name(enum metrics_outcome outcome);
void metrics_observe(struct metrics_histogram *histogram, double seconds);
/* Adds each number of `from` to `to`. */
void metrics_add_histogram(struct metrics_histogram *to, const struct metrics_histogram *from);
/* An event that began so many seconds ago, and has kept the gateway waiting for `handler` of them. */
void metrics_end_event(struct metrics_phase *phase, enum metrics_outcome outcome, double whole,
		       double handler);
/* Adds each number of `from` to `to`, which wraps around. */
void metrics_add(struct metrics_plugin *to, const struct metrics_plugin *from);
/* Events, in all phases, that got the failure contract's answer. */
uint64_t metrics_failed(const struct metrics_plugin *plugin);

#endif
