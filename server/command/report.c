#include "server/command/report.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A finding is one line, also where an error of Lua has many. */
static void print_folded(const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		fwrite(text, 1, n, stdout);
		text += n;
		text += strspn(text, "\n\t ");
		if (*text != '\0')
			fputs("; ", stdout);
	}
	putchar('\n');
}

void report_add(struct report *report, enum finding finding, const char *subject,
		const char *format, ...)
{
	static const char *const words[] = {"ok", "note", "error"};
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	printf("%s: %s: ", subject, words[finding]);
	print_folded(n >= 0 ? text : format);
	if (n >= 0)
		free(text);
	if (finding == FINDING_ERROR)
		report->errors++;
}
