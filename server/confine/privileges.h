/* privileges.h - what the kernel lets a process gain, show and leave behind. */
#ifndef SERVER_CONFINE_PRIVILEGES_H
#define SERVER_CONFINE_PRIVILEGES_H
#include <stdbool.h>

struct err;

/* For good, as for all that it starts: no program makes it more than it is (setuid, file capabilities), and of
 * capabilities only those are left that files and low ports need. -E_UNSUPPORTED. */
int privileges_drop(struct err *err);
/* The first half of that alone, which everybody may do to himself. */
void privileges_gain_none(void);
/* Whether other processes of its user can trace it, read its memory, and cores are written. Until its next exec. */
void privileges_show(bool visible);
/* No core file, of this process and of what it starts. */
void privileges_forbid_cores(void);

#endif
