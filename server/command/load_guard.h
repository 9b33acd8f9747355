/* load_guard.h - ends the process when a plugin's code never ends while it is loaded.
 *
 * Nothing is served yet, and the gateway that asked for a dump would wait for ever. One at a time; takes
 * SIGALRM meanwhile. */
#ifndef SERVER_COMMAND_LOAD_GUARD_H
#define SERVER_COMMAND_LOAD_GUARD_H

/* Borrows the plugin's name until load_guard_end. */
void load_guard_begin(const char *plugin, double seconds);
void load_guard_end(void);

#endif
