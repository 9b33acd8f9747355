/* environment.h - what plugin code sees of our environment. */
#ifndef SERVER_CONFINE_ENVIRONMENT_H
#define SERVER_CONFINE_ENVIRONMENT_H

/* Those variables of `environment` (as environ(7)) that are kept for plugins: the ones that the system's own
 * libraries look at, and those that `names` (with commas, * at the end for the rest; NULL) tells. Returns owned,
 * up to a NULL, its texts borrowed; NULL without memory. */
char **environment_keep(char *const *environment, const char *names);

#endif
