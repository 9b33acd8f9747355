/* process.c - reads /proc/PID, and its children. */
#include "tests/bench/process.h"
#include <dirent.h>
#include <stdio.h>

/* Of one thread, as the scheduler counts it, in nanoseconds: /proc/PID/stat counts in ticks of 10 ms. */
static double thread_seconds(pid_t pid, const char *thread)
{
	char path[300];
	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, thread);
	FILE *f = fopen(path, "r");
	unsigned long long ns = 0;
	if (f && fscanf(f, "%llu", &ns) != 1)
		ns = 0;
	if (f)
		fclose(f);
	return (double)ns / 1e9;
}

static double cpu_seconds(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	DIR *dir = opendir(path);
	double sum = 0;
	for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;)
		if (entry->d_name[0] != '.')
			sum += thread_seconds(pid, entry->d_name);
	if (dir)
		closedir(dir);
	return sum;
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
