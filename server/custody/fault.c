#include "server/custody/fault.h"

#ifdef OUTRIGGER_FAULTS

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[] = {
#define FAULT_POINT(name, doc) #name,
#include "server/custody/fault.def"
};

static enum fault armed = FAULT_COUNT;
static unsigned long left; /* times to come there */

const char *fault_name(enum fault fault)
{
	return names[fault];
}

int fault_arm(const char *spec)
{
	size_t n = spec != NULL ? strcspn(spec, ":") : 0;

	armed = FAULT_COUNT;
	if (spec == NULL)
		return 0;
	left = spec[n] == ':' ? strtoul(spec + n + 1, NULL, 10) : 1;
	for (enum fault i = 0; i < FAULT_COUNT; i++)
		if (strlen(names[i]) == n && memcmp(names[i], spec, n) == 0)
			armed = i;
	return armed != FAULT_COUNT && left > 0 ? 0 : -1;
}

void fault_hit(enum fault fault)
{
	if (fault == armed && --left == 0)
		kill(getpid(), SIGKILL);
}

#else

typedef int fault_is_not_built;

#endif
