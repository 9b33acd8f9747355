/* stdout_guard.h - keeps our stdout clean while plugins run: what they print goes to stderr.
 *
 * The gateway reads query_cmd's stdout as JSON, and a plugin may print while it loads. One guard at a
 * time. A plugin that ends the process meanwhile (os.exit) makes it a failure. */
#ifndef SERVER_COMMAND_STDOUT_GUARD_H
#define SERVER_COMMAND_STDOUT_GUARD_H

struct err;

struct stdout_guard {
	int saved; /* the real stdout */
};

/* -E_IO when stdout is closed. */
int stdout_guard_begin(struct stdout_guard *guard, struct err *err);
/* Gives stdout back. */
void stdout_guard_end(struct stdout_guard *guard);

#endif
