/* quota.h - how many files a process may have open, and how large it may make one. */
#ifndef SERVER_CONFINE_QUOTA_H
#define SERVER_CONFINE_QUOTA_H

struct config;
struct err;

/* For our process and all that it starts, for good, as worker_files_max and file_size_max say: opening and writing
 * fail beyond. -E_UNSUPPORTED. */
int quota_set(const struct config *config, struct err *err);

#endif
