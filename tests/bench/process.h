/* process.h - what a process and its children use together, as /proc says. */
#ifndef TESTS_BENCH_PROCESS_H
#define TESTS_BENCH_PROCESS_H
#include <sys/types.h>

struct process_figures {
	double cpu_seconds; /* user and system, of the threads that live */
	long pss_kb;        /* proportional set size */
	long descriptors;
};

/* All zero when pid is 0 or the process is gone. Its children's children count too. */
struct process_figures process_figures(pid_t pid);

#endif
