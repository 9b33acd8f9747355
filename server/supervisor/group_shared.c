#include "server/supervisor/group_shared.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config_dicts.h"
#include "server/log.h"

int group_shared_init(struct group_shared *shared, const struct config *config, struct err *err)
{
	int rc;

	*shared = (struct group_shared){.fd = -1};
	rc = config_dicts_list(config, &shared->list, err);
	if (rc == 0)
		rc = dict_set_create_file(&shared->list, &shared->fd, err);
	if (rc != 0)
		group_shared_fini(shared);
	return rc;
}

int group_shared_follow(const struct group_shared *shared, const struct config *config,
			struct group_shared *ret_next, struct err *err)
{
	struct group_shared next = {.fd = -1};
	int rc = config_dicts_list(config, &next.list, err);

	if (rc == 0 && dict_set_equals(&next.list, &shared->list)) {
		next.fd = fcntl(shared->fd, F_DUPFD_CLOEXEC, 0);
		if (next.fd < 0)
			rc = err_set(err, E_IO, "the shared dictionaries' memory: %s",
				     strerror(errno));
	} else if (rc == 0) {
		rc = dict_set_create_file(&next.list, &next.fd, err);
	}
	if (rc == 0)
		*ret_next = next;
	else
		group_shared_fini(&next);
	return rc;
}

void group_shared_adopt(struct group_shared *shared, int fd)
{
	if (dict_set_fits(&shared->list, fd)) {
		close(shared->fd);
		shared->fd = fd;
	} else {
		log_line(LOG_LEVEL_NOTICE,
			 "shared dictionaries begin empty: the server before had others");
		close(fd);
	}
}

void group_shared_fini(struct group_shared *shared)
{
	dict_set_fini(&shared->list);
	if (shared->fd >= 0)
		close(shared->fd);
	shared->fd = -1;
}
