#include "server/process.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Fields of /proc/PID/stat, counted from the one behind the name. */
enum {
	FIELD_STATE = 0,
	FIELD_PARENT = 1,
	FIELD_USER_TIME = 11, /* the system's comes next */
	FIELD_START = 19,
	FIELD_START_CODE = 23, /* code's end and the stack come next */
	FIELD_START_DATA = 42, /* data's end, brk, arguments, environment */
};

#define STAT_SIZE 1024

/* Where the field begins; NULL when there is none. The name, in parentheses, may hold anything. */
static const char *find_field(long pid, int field, char stat[STAT_SIZE])
{
	char path[64];
	const char *at;
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return NULL;
	n = fread(stat, 1, STAT_SIZE - 1, file);
	fclose(file);
	stat[n] = '\0';
	at = strrchr(stat, ')');
	for (int i = 0; at != NULL && i <= field; i++)
		at = strchr(at + 1, ' ');
	return at != NULL ? at + 1 : NULL;
}

long process_parent(long pid)
{
	char stat[STAT_SIZE];
	const char *field = find_field(pid, FIELD_PARENT, stat);

	return field != NULL ? strtol(field, NULL, 10) : 0;
}

uint64_t process_start(long pid)
{
	char stat[STAT_SIZE];
	const char *field = find_field(pid, FIELD_START, stat);

	return field != NULL ? strtoull(field, NULL, 10) : 0;
}

bool process_is_alive(long pid)
{
	char stat[STAT_SIZE];
	const char *field = find_field(pid, FIELD_STATE, stat);

	return field != NULL && strchr("ZXx", *field) == NULL;
}

/* The fields from that one on. Whether all are there. */
static bool read_fields(const char *stat, uint64_t *ret, size_t n)
{
	char *end;

	for (size_t i = 0; stat != NULL && i < n; i++) {
		ret[i] = strtoull(stat, &end, 10);
		stat = end > stat ? end : NULL;
	}
	return stat != NULL;
}

int process_own_layout(struct process_layout *ret)
{
	uint64_t code[3], data[7];
	char stat[STAT_SIZE];

	if (!read_fields(find_field(getpid(), FIELD_START_CODE, stat), code, 3) ||
	    !read_fields(find_field(getpid(), FIELD_START_DATA, stat), data, 7))
		return -1;
	*ret = (struct process_layout){
		.start_code = code[0],
		.end_code = code[1],
		.start_stack = code[2],
		.start_data = data[0],
		.end_data = data[1],
		.start_brk = data[2],
		.env_start = data[5],
		.env_end = data[6],
	};
	return 0;
}

/* What `of` says of the process and of its children. */
static double sum_with_children(long pid, double (*of)(long pid))
{
	double sum = of(pid);
	char path[64], line[1024], *at = line, *end;
	FILE *file;
	long child;

	snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", pid, pid);
	file = fopen(path, "re");
	if (file == NULL)
		return sum;
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	fclose(file);
	for (child = strtol(at, &end, 10); end != at; child = strtol(at, &end, 10)) {
		sum += of(child);
		at = end;
	}
	return sum;
}

static double own_cpu(long pid)
{
	char stat[STAT_SIZE], *end;
	const char *field = find_field(pid, FIELD_USER_TIME, stat);
	uint64_t ticks;

	if (field == NULL)
		return 0;
	ticks = strtoull(field, &end, 10);
	ticks += strtoull(end, NULL, 10);
	return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

double process_cpu(long pid)
{
	return sum_with_children(pid, own_cpu);
}

int process_waited_open(long pid)
{
	char path[64] = "/proc/self/schedstat";

	if (pid != 0)
		snprintf(path, sizeof(path), "/proc/%ld/schedstat", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The second of three numbers: nanoseconds. */
double process_waited(int fd)
{
	char text[96];
	ssize_t n = fd >= 0 ? pread(fd, text, sizeof(text) - 1, 0) : -1;
	const char *at;
	uint64_t ns = 0;

	text[n > 0 ? n : 0] = '\0';
	at = strchr(text, ' ');
	while (at != NULL && *++at >= '0' && *at <= '9')
		ns = ns * 10 + (uint64_t)(*at - '0');
	return (double)ns / 1e9;
}

static double own_memory(long pid)
{
	uint64_t resident, shared;
	char path[64], line[128], *end = line;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/statm", pid);
	file = fopen(path, "re");
	if (file == NULL)
		return 0;
	if (fgets(line, sizeof(line), file) == NULL)
		line[0] = '\0';
	fclose(file);
	(void)strtoull(line, &end, 10); /* its address space */
	resident = strtoull(end, &end, 10);
	shared = strtoull(end, &end, 10);
	return shared < resident ? (double)(resident - shared) * (double)sysconf(_SC_PAGESIZE) : 0;
}

static double own_shared_memory(long pid)
{
	static const char name[] = "RssShmem:";
	unsigned long long kib = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	file = fopen(path, "re");
	while (file != NULL && kib == 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, sizeof(name) - 1) == 0)
			kib = strtoull(line + sizeof(name) - 1, NULL, 10);
	if (file != NULL)
		fclose(file);
	return (double)kib * 1024;
}

uint64_t process_shared_memory(long pid)
{
	return (uint64_t)sum_with_children(pid, own_shared_memory);
}

uint64_t process_memory(long pid)
{
	return (uint64_t)sum_with_children(pid, own_memory);
}
