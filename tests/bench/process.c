/* process.c - reads /proc/PID, and its children. */
#include "tests/bench/process.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static double cpu_seconds(pid_t pid)
{
	char path[64], line[1024];
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return 0;
	unsigned long user = 0, sys = 0;
	const char *rest = fgets(line, sizeof(line), f) ? strrchr(line, ')') : NULL;
	if (rest)
		sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &sys);
	fclose(f);
	return (double)(user + sys) / (double)sysconf(_SC_CLK_TCK);
}

static long pss_kb(pid_t pid)
{
	char path[64], line[256];
	long kb = 0;
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f) && sscanf(line, "Pss: %ld", &kb) != 1)
		;
	if (f)
		fclose(f);
	return kb;
}

static long descriptors(pid_t pid)
{
	char path[64];
	long n = 0;
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n ? n - 2 : 0;
}

static void add(pid_t pid, struct process_figures *sum)
{
	char path[64];
	int child;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *f = fopen(path, "r");
	sum->cpu_seconds += cpu_seconds(pid);
	sum->pss_kb += pss_kb(pid);
	sum->descriptors += descriptors(pid);
	while (f && fscanf(f, "%d", &child) == 1)
		add(child, sum);
	if (f)
		fclose(f);
}

struct process_figures process_figures(pid_t pid)
{
	struct process_figures sum = {0};
	if (pid)
		add(pid, &sum);
	return sum;
}
