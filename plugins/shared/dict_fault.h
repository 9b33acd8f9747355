/* dict_fault.h - places at which a test kills the process (dict_fault.def); nothing in other builds. */
#ifndef PLUGINS_SHARED_DICT_FAULT_H
#define PLUGINS_SHARED_DICT_FAULT_H

#ifdef OUTRIGGER_FAULTS

enum dict_fault {
#define DICT_FAULT_POINT(name, doc) DICT_FAULT_##name,
#include "plugins/shared/dict_fault.def"
	DICT_FAULT_COUNT
};

/* Called at each of them, where a test has set it. */
extern void (*dict_fault_hook)(enum dict_fault fault);
void dict_fault_hit(enum dict_fault fault);

#define DICT_FAULT(name) dict_fault_hit(DICT_FAULT_##name)

#else

#define DICT_FAULT(name) ((void)0)

#endif

#endif
