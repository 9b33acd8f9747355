/* pdk_counters.c - see pdk_counters.h. */
#include "pdk-bridge/pdk_counters.h"

const char *pdk_counter_name(enum pdk_counter counter)
{
	static const char *const names[] = {
		[PDK_COUNT_ROUND_TRIPS] = "round_trips",
		[PDK_COUNT_PIPELINED] = "pipelined",
		[PDK_COUNT_SAVED] = "saved",
		[PDK_COUNT_FILTERED] = "filtered",
	};

	return names[counter];
}
