/* fault.h - places at which a test kills the process (fault.def); nothing in other builds.
 *
 * Death must be survivable between any two steps, and random kills alone would miss most of them. */
#ifndef SERVER_CUSTODY_FAULT_H
#define SERVER_CUSTODY_FAULT_H

#ifdef OUTRIGGER_FAULTS

#include <stdlib.h>

enum fault {
#define FAULT_POINT(name, doc) FAULT_##name,
#include "server/custody/fault.def"
	FAULT_COUNT
};

/* Of the environment; a process that is to live must not have it. (OUTRIGGER_... would be a setting.) */
#define FAULT_VARIABLE "FAULT_OF_OUTRIGGER"

/* "NAME" or "NAME:HIT" (DICT_NAME of dict_fault.def): the process is to be killed when it comes there for the HITth time (1). NULL
 * disarms. Returns 0, or -1 where there is no such place. */
int fault_arm(const char *spec);
/* Kills the process, where it is time. Only for FAULT. */
void fault_hit(enum fault fault);
/* Never NULL. */
const char *fault_name(enum fault fault);

#define FAULT(name) fault_hit(FAULT_##name)
/* A worker that the variable reached ... */
#define FAULT_ARM_BY_ENVIRONMENT() ((void)fault_arm(getenv(FAULT_VARIABLE)))
/* ... and a supervisor whose later workers it must not reach: else each would be killed. */
#define FAULT_FORGET_ENVIRONMENT() ((void)unsetenv(FAULT_VARIABLE))

#else

#define FAULT(name) ((void)0)
#define FAULT_ARM_BY_ENVIRONMENT() ((void)0)
#define FAULT_FORGET_ENVIRONMENT() ((void)0)

#endif

#endif
