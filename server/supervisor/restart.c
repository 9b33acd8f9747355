#include "server/supervisor/restart.h"

#define STABLE 60.0 /* seconds */
#define FIRST 0.05  /* seconds, after the second death */
#define CAP 10.0

double restart_note_death(struct restart *r, const struct restart_policy *policy, double lived)
{
	double wait = FIRST;

	if (lived >= STABLE)
		r->deaths = 0;
	r->deaths++;
	r->quarantined = r->deaths >= policy->quarantine_after;
	if (r->quarantined)
		return policy->quarantine_time;
	if (r->deaths == 1)
		return 0;
	for (size_t i = 2; i < r->deaths && wait < CAP; i++)
		wait *= 2;
	return wait < CAP ? wait : CAP;
}
