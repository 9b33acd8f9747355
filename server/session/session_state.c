#include "server/session/session_state.h"
#include "pdk-bridge/phase.h"
#include "protocol/limits.h"
#include "protocol/msg.h"

#define CODECS_MAX 2

static bool is_range(uint64_t start, uint64_t end, uint64_t region)
{
	return start <= end && end <= region;
}

static bool are_flags(const struct session_state *s)
{
	return s->turn.asked <= 1 && s->turn.ended <= 1 && s->busy <= 1 && s->in_event <= 1 &&
	       s->greeted <= 1 && s->is_ending <= 1;
}

/* A call that is being decoded, or that waits, has a format; and only one of them is there. */
static bool is_possible(const struct session_state *s)
{
	if ((s->busy || s->handling > 0 || s->greeted || s->turn.asked) && s->codec == 0)
		return false;
	return s->handling == 0 || !s->busy;
}

bool session_state_is_valid(const struct session_state *s, uint64_t region)
{
	return is_range(s->in_start, s->in_end, region) &&
	       is_range(s->out_start, s->out_end, region) &&
	       s->handling <= s->in_end - s->in_start && s->turn.owed <= LIMIT_OWED &&
	       s->codec <= CODECS_MAX && s->call_type <= MSG_OTHER &&
	       s->call_phase <= PHASE_COUNT && are_flags(s) && is_possible(s);
}
