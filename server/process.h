/* process.h - what /proc says of processes. */
#ifndef SERVER_PROCESS_H
#define SERVER_PROCESS_H
#include <stdbool.h>
#include <stdint.h>

/* The pid of its parent; 0 when it has none that we can see, or is gone. */
long process_parent(long pid);
/* When it began, in the system's own unit; 0 when it is gone. With the pid it stands for one process. */
uint64_t process_start(long pid);
/* Whether it runs: one that has ended, and that its parent has not asked for yet, does not. */
bool process_is_alive(long pid);

/* Seconds of processors that it and its children have used so far; 0 when it is gone. */
double process_cpu(long pid);

/* What process_waited reads; pid 0 = ourselves. -1 where the kernel does not say. */
int process_waited_open(long pid);
/* Seconds in which its first thread was ready to run but had no processor: what a busy machine has taken
 * from it. 0 for fd -1, and once it is gone. Async-signal-safe. */
double process_waited(int fd);

/* Bytes of memory of it and its children, not shared with other processes nor with files; 0 when it is gone. */
uint64_t process_memory(long pid);
/* Of memory that is no file's, but may be others' as well, what each of them looks at. */
uint64_t process_shared_memory(long pid);

/* Addresses in our own memory, as the kernel has them: see proc(5) and PR_SET_MM in prctl(2). */
struct process_layout {
	uint64_t start_code, end_code, start_data, end_data, start_brk, start_stack, env_start,
		env_end;
};
/* 0; or -1 where the kernel doesn't say. */
int process_own_layout(struct process_layout *ret);

#endif
