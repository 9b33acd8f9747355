/* histogram.h - latencies with two significant digits, in memory that does not grow.
 *
 * The scheme of HDR histograms: each power of two has 64 buckets of equal width, so that a value is
 * known to 1.6 %. (Debian has no C library for it.) */
#ifndef TESTS_BENCH_HISTOGRAM_H
#define TESTS_BENCH_HISTOGRAM_H
#include <stdint.h>

#define HISTOGRAM_SUB 64
#define HISTOGRAM_POWERS 42 /* up to 2^47 ns, a day and a half */

struct histogram {
	uint64_t n, max;
	uint64_t buckets[HISTOGRAM_POWERS * HISTOGRAM_SUB];
};

void histogram_add(struct histogram *h, uint64_t ns);
/* The value that a share of all (0 to 1) does not exceed, in ns; 0 without values. */
uint64_t histogram_at(const struct histogram *h, double share);

#endif
