/* report.h - what `check` finds: a line each on stdout. */
#ifndef SERVER_COMMAND_REPORT_H
#define SERVER_COMMAND_REPORT_H
#include <stddef.h>

enum finding {
	FINDING_OK,
	FINDING_NOTE,  /* worth knowing; no failure */
	FINDING_ERROR, /* it will not work */
};

struct report {
	size_t errors; /* so far */
};

/* "SUBJECT: error: text". */
void report_add(struct report *report, enum finding finding, const char *subject,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
