#include "server/confine/quota.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include "protocol/err.h"
#include "server/config/config.h"

/* 0 is none. One that is less already stays. */
static void lower(struct rlimit *limit, size_t max)
{
	if (max != 0 && limit->rlim_max > max)
		limit->rlim_max = max;
	if (limit->rlim_cur > limit->rlim_max)
		limit->rlim_cur = limit->rlim_max;
}

int quota_set(const struct config *config, struct err *err)
{
	struct rlimit files, size;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || getrlimit(RLIMIT_FSIZE, &size) != 0)
		return err_set(err, E_UNSUPPORTED, "can't ask for limits: %s", strerror(errno));
	lower(&files, config->worker_files_max);
	lower(&size, config->file_size_max);
	if (setrlimit(RLIMIT_NOFILE, &files) != 0 || setrlimit(RLIMIT_FSIZE, &size) != 0)
		return err_set(err, E_UNSUPPORTED, "can't set worker_files_max, file_size_max: %s",
			       strerror(errno));
	/* Else who writes too much is killed, with all events of its process. */
	if (config->file_size_max != 0)
		signal(SIGXFSZ, SIG_IGN);
	return 0;
}
