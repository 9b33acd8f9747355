/* output.h - what a worker writes to its stdout and stderr: plugin code, libraries, programs that it starts. Each line
 * goes into the log as one of ours that says whose it is. */
#ifndef SERVER_SUPERVISOR_OUTPUT_H
#define SERVER_SUPERVISOR_OUTPUT_H

struct err;
struct output;
struct reactor;

/* A pipe, of which the first end is read; both close-on-exec. -E_IO. */
int output_pipe(int ret_fds[2], struct err *err);
/* Reads `fd`, which it takes, also on failure. `name` is the worker's, up to a '/'. NULL on lack of memory. */
struct output *output_create(struct reactor *reactor, int fd, const char *name);
/* For the lines: its process id. */
void output_of(struct output *output, long pid);
/* What was written until now is read before. Accepts NULL. */
void output_destroy(struct output *output);

#endif
