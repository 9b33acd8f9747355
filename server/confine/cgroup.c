#include "server/confine/cgroup.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LENGTH 4096

/* Where a version of the interface has the limit. */
struct version {
	const char *root, *file;
};

static const struct version first = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes"};
static const struct version second = {"/sys/fs/cgroup", "memory.max"};

/* "max", and a file that isn't there, are no limit. */
static uint64_t read_limit(const struct version *version, const char *group)
{
	char path[LINE_MAX_LENGTH + 128], text[32] = "", *end = text;
	unsigned long long limit;
	FILE *file;

	snprintf(path, sizeof(path), "%s%s/%s", version->root, group, version->file);
	file = fopen(path, "re");
	if (file == NULL)
		return UINT64_MAX;
	if (fgets(text, sizeof(text), file) == NULL)
		text[0] = '\0';
	fclose(file);
	limit = strtoull(text, &end, 10);
	return end != text ? limit : UINT64_MAX;
}

/* The least of the group's and those around it. In a container the path may be the host's, and only the root
 * is there. */
static uint64_t least_limit(const struct version *version, char *group)
{
	uint64_t least = UINT64_MAX;
	char *slash;

	do {
		uint64_t limit = read_limit(version, group);

		least = limit < least ? limit : least;
		slash = strrchr(group, '/');
		if (slash != NULL)
			*slash = '\0';
	} while (slash != NULL);
	return least;
}

/* ID:CONTROLLERS:PATH; the second version has no controllers there. */
static uint64_t limit_of_line(char *line)
{
	char *rest = line, *controllers;

	line[strcspn(line, "\n")] = '\0';
	strsep(&rest, ":");
	controllers = strsep(&rest, ":");
	if (rest == NULL)
		return UINT64_MAX;
	if (*controllers == '\0')
		return least_limit(&second, rest);
	return strcmp(controllers, "memory") == 0 ? least_limit(&first, rest) : UINT64_MAX;
}

uint64_t cgroup_memory(void)
{
	uint64_t least = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[LINE_MAX_LENGTH];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		uint64_t limit = limit_of_line(line);

		least = limit < least ? limit : least;
	}
	if (file != NULL)
		fclose(file);
	return least;
}
