/* restart.h - when a worker that has died is started again.
 *
 * At once, after the first death; then after a time that doubles up to a cap. Deaths count as in a row while
 * each comes within a minute of its worker's start. When there were too many, the plugin is in *quarantine*:
 * it is tried again after quarantine_time, and each further death brings it back there. */
#ifndef SERVER_SUPERVISOR_RESTART_H
#define SERVER_SUPERVISOR_RESTART_H
#include <stdbool.h>
#include <stddef.h>

struct restart {
	size_t deaths;    /* in a row */
	bool quarantined; /* until the next start */
};

struct restart_policy {
	size_t quarantine_after;
	double quarantine_time;
};

/* Notes a death after `lived` seconds. Returns the seconds to wait for. */
double restart_note_death(struct restart *r, const struct restart_policy *policy, double lived);

#endif
