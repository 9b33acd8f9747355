/* fault.h - places at which a test kills the process (fault.def); nothing in other builds.
 *
 * Death must be survivable between any two steps, and random kills alone would miss most of them. */
#ifndef SERVER_FAULT_H
#define SERVER_FAULT_H

#ifdef OUTRIGGER_FAULTS

enum fault {
#define FAULT_POINT(name, doc) FAULT_##name,
#include "server/fault.def"
	FAULT_COUNT
};

/* Of the environment; a process that is to live must not have it. */
#define FAULT_VARIABLE "OUTRIGGER_FAULT"

/* "NAME" or "NAME:HIT": the process is to be killed when it comes there for the HITth time (1). NULL
 * disarms. Returns 0, or -1 where there is no such place. */
int fault_arm(const char *spec);
/* Kills the process, where it is time. Only for FAULT. */
void fault_hit(enum fault fault);
/* Never NULL. */
const char *fault_name(enum fault fault);

#define FAULT(name) fault_hit(FAULT_##name)

#else

#define FAULT(name) ((void)0)

#endif

#endif
