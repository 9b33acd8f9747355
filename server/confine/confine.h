/* confine.h - what plugin code may do to the rest of the machine: docs/hardening.md.
 *
 * Both are called before any plugin code is loaded. To add a restriction, make a file for it here, a key in
 * options.def, and a test that tries to get around it (tests/wire/test_hardening.py). */
#ifndef SERVER_CONFINE_CONFINE_H
#define SERVER_CONFINE_CONFINE_H

struct config;
struct err;

/* For the supervisor: nobody looks into it. Says once what won't hold. -E_CONF. */
int confine_supervisor(const struct config *config, struct err *err);
/* For one process that does all, where nothing can be kept apart. -E_CONF for what would be no use. */
int confine_single(const struct config *config, struct err *err);
/* For a process that is about to load plugins, for good. `output` is a folder that it is to write itself (NULL = none).
 * -E_CONF, -E_UNSUPPORTED. */
int confine_plugins(const struct config *config, const char *output, struct err *err);
/* The same for the process that is about to become the program of one of its plugins. -E_CONF, -E_UNSUPPORTED. */
int confine_program(const struct config *config, struct err *err);

#endif
