/* histogram.c - a bucket's number is the value's leading bits and how many follow them. */
#include "tests/bench/histogram.h"

enum {
	SUB_BITS = 6
};

/* Bits of the value behind those that the bucket keeps. */
static unsigned dropped_bits(uint64_t ns)
{
	unsigned bits = 64 - (unsigned)__builtin_clzll(ns | 1);
	return bits > SUB_BITS ? bits - SUB_BITS : 0;
}

/* Below 64, values are their own buckets; from there on the upper half of each row of 64 is used. */
void histogram_add(struct histogram *h, uint64_t ns)
{
	unsigned power = dropped_bits(ns);
	if (power >= HISTOGRAM_POWERS)
		power = HISTOGRAM_POWERS - 1;
	uint64_t sub = (ns >> power) & (HISTOGRAM_SUB - 1);
	h->buckets[power * HISTOGRAM_SUB + sub]++;
	h->n++;
	if (ns > h->max)
		h->max = ns;
}

static uint64_t bucket_top(unsigned bucket)
{
	unsigned power = bucket / HISTOGRAM_SUB;
	return (((uint64_t)(bucket % HISTOGRAM_SUB) + 1) << power) - 1;
}

uint64_t histogram_at(const struct histogram *h, double share)
{
	uint64_t wanted = (uint64_t)((double)h->n * share), seen = 0;
	for (unsigned i = 0; i < HISTOGRAM_POWERS * HISTOGRAM_SUB && h->n; i++) {
		seen += h->buckets[i];
		if (seen > wanted || seen == h->n)
			return bucket_top(i) < h->max ? bucket_top(i) : h->max;
	}
	return 0;
}
