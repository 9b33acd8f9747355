#include "server/metrics/metrics.h"
#include <stdalign.h>

const double metrics_bounds[METRICS_BUCKETS] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025,
						0.005,   0.01,   0.025,   0.05,   0.1,   0.25,
						0.5,     1,      2.5,     10};

static const char *const outcomes[METRICS_OUTCOMES] = {
#define OUTCOME(name, text) [METRICS_##name] = text,
#include "server/metrics/outcomes.def"
#undef OUTCOME
};

_Static_assert(sizeof(struct metrics_plugin) % sizeof(uint64_t) == 0 &&
		       alignof(struct metrics_plugin) == alignof(uint64_t),
	       "it can be added as an array of numbers");

const char *metrics_outcome_name(enum metrics_outcome outcome)
{
	return outcomes[outcome];
}

void metrics_observe(struct metrics_histogram *histogram, double seconds)
{
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i < METRICS_BUCKETS && seconds > metrics_bounds[i])
		i++;
	histogram->buckets[i]++;
	histogram->nanoseconds += (uint64_t)(seconds * 1e9);
}

void metrics_add_histogram(struct metrics_histogram *to, const struct metrics_histogram *from)
{
	for (size_t i = 0; i <= METRICS_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
	to->nanoseconds += from->nanoseconds;
}

void metrics_end_event(struct metrics_phase *phase, enum metrics_outcome outcome, double whole,
		       double handler)
{
	phase->events[outcome]++;
	metrics_observe(&phase->whole, whole);
	metrics_observe(&phase->handler, handler);
}

void metrics_add(struct metrics_plugin *to, const struct metrics_plugin *from)
{
	uint64_t *sums = (uint64_t *)to;
	const uint64_t *numbers = (const uint64_t *)from;

	for (size_t i = 0; i < METRICS_NUMBERS; i++)
		sums[i] += numbers[i];
}

uint64_t metrics_failed(const struct metrics_plugin *plugin)
{
	uint64_t count = 0;

	for (int i = 0; i < PHASE_COUNT; i++) {
		const uint64_t *events = plugin->phases[i].events;

		count += events[METRICS_ERROR] + events[METRICS_TIMEOUT] + events[METRICS_REFUSED] +
			 events[METRICS_DIED];
	}
	return count;
}
