/* environment.h - what plugin code sees of our environment. */
#ifndef SERVER_CONFINE_ENVIRONMENT_H
#define SERVER_CONFINE_ENVIRONMENT_H

/* Those variables of `environment` (as environ(7)) that are kept for plugins: the ones that the system's own
 * libraries look at, and those that `names` (with commas, * at the end for the rest; NULL) tells. Returns owned,
 * up to a NULL, its texts borrowed; NULL without memory. */
char **environment_keep(char *const *environment, const char *names);
/* Makes the texts that are not kept empty where they are, so that /proc/self/environ has them no more. `keep` is
 * what environment_keep has returned for `environment`. */
void environment_wipe(char *const *environment, char *const *keep);

#endif
