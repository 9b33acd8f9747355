#include "server/report.h"
#include <stdarg.h>
#include <stdio.h>

void report_add(struct report *report, enum finding finding, const char *subject,
		const char *format, ...)
{
	static const char *const words[] = {"ok", "note", "error"};
	va_list args;

	fprintf(stdout, "%s: %s: ", subject, words[finding]);
	va_start(args, format);
	vfprintf(stdout, format, args);
	va_end(args);
	putchar('\n');
	if (finding == FINDING_ERROR)
		report->errors++;
}
