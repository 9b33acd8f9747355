#include "server/event/event_record.h"
#include "server/event/event.h"

bool event_record_is_valid(const struct event_record *record, uint64_t slot, uint64_t slots)
{
	return record->state > EVENT_FREE && record->state <= EVENT_ENDED && record->id != 0 &&
	       record->id >> EVENT_COUNTER_BITS < EVENT_OWNERS &&
	       (record->id & (slots - 1)) == slot && record->phase < PHASE_COUNT &&
	       record->on_error <= ON_ERROR_OPEN;
}
