#include "server/custody/fault.h"

#ifdef OUTRIGGER_FAULTS

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugins/shared/dict_fault.h"

static const char *const names[] = {
#define FAULT_POINT(name, doc) #name,
#include "server/custody/fault.def"
};

static enum fault armed = FAULT_COUNT;
static unsigned long left; /* times to come there */

/* Those of shared dictionaries, which know nothing of us. */
static const char *const dict_names[] = {
#define DICT_FAULT_POINT(name, doc) "DICT_" #name,
#include "plugins/shared/dict_fault.def"
};

static enum dict_fault dict_armed;

static void dict_hit(enum dict_fault fault)
{
	if (fault == dict_armed && --left == 0)
		kill(getpid(), SIGKILL);
}

const char *fault_name(enum fault fault)
{
	return names[fault];
}

static void arm_dict(enum dict_fault fault)
{
	dict_armed = fault;
	dict_fault_hook = dict_hit;
}

int fault_arm(const char *spec)
{
	size_t n = spec != NULL ? strcspn(spec, ":") : 0;

	armed = FAULT_COUNT;
	dict_fault_hook = NULL;
	if (spec == NULL)
		return 0;
	left = spec[n] == ':' ? strtoul(spec + n + 1, NULL, 10) : 1;
	for (enum fault i = 0; i < FAULT_COUNT; i++)
		if (strlen(names[i]) == n && memcmp(names[i], spec, n) == 0)
			armed = i;
	for (enum dict_fault i = 0; i < DICT_FAULT_COUNT; i++)
		if (strlen(dict_names[i]) == n && memcmp(dict_names[i], spec, n) == 0)
			arm_dict(i);
	return (armed != FAULT_COUNT || dict_fault_hook != NULL) && left > 0 ? 0 : -1;
}

void fault_hit(enum fault fault)
{
	if (fault == armed && --left == 0)
		kill(getpid(), SIGKILL);
}

#else

typedef int fault_is_not_built;

#endif
