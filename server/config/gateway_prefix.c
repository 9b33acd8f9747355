#include "server/config/gateway_prefix.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/file.h"
#include "server/process.h"

enum {
	ANCESTORS_MAX = 32
};

/* The value goes on to the next option, since a title does not keep the arguments apart. */
static char *copy_value(const char *value)
{
	const char *end = strstr(value, " -");
	size_t n = end != NULL ? (size_t)(end - value) : strlen(value);

	while (n > 1 && (value[n - 1] == ' ' || value[n - 1] == '/'))
		n--;
	return n > 0 ? strndup(value, n) : NULL;
}

static char *parse_title(const char *title)
{
	const char *option = strstr(title, " -p");

	if (option == NULL)
		return NULL;
	option += 3;
	return copy_value(option + strspn(option, " "));
}

/* nginx while it starts, before it has set its title: its first argument is the program. */
static int is_nginx(const char *cmdline)
{
	if (strncmp(cmdline, "nginx: ", 7) == 0)
		return strncmp(cmdline, "nginx: master process", 21) == 0;
	return strcmp(file_basename(cmdline), "nginx") == 0;
}

char *gateway_prefix_parse(const char *cmdline, size_t n)
{
	char *title, *prefix;

	if (n == 0 || memchr(cmdline, '\0', n) == NULL || !is_nginx(cmdline))
		return NULL;
	while (n > 0 && cmdline[n - 1] == '\0')
		n--;
	title = malloc(n + 1);
	if (title == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		title[i] = cmdline[i] == '\0' ? ' ' : cmdline[i];
	title[n] = '\0';
	prefix = parse_title(title);
	free(title);
	return prefix;
}

/* A file of /proc/PID; owned. NULL when it can't be read. */
static char *read_proc(long pid, const char *name, size_t *ret_len)
{
	char *path = file_printf("/proc/%ld/%s", pid, name);
	char *text = NULL;

	if (path != NULL && file_read(path, &text, ret_len, NULL) != 0)
		text = NULL;
	free(path);
	return text;
}

char *gateway_prefix_find(void)
{
	long pid = (long)getppid();

	for (int i = 0; pid > 0 && i < ANCESTORS_MAX; i++, pid = process_parent(pid)) {
		size_t n = 0;
		char *cmdline = read_proc(pid, "cmdline", &n);
		char *prefix = cmdline != NULL ? gateway_prefix_parse(cmdline, n) : NULL;

		free(cmdline);
		if (prefix != NULL)
			return prefix;
	}
	return NULL;
}
