#include "server/confine/landlock.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "protocol/err.h"

/* Debian 12's header has the second version of the interface; this came with the third. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#define READ \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* Devices can be made nowhere. */
#define WRITE                                                                                    \
	(READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                  \
	 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |                          \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                            \
	 LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER | \
	 LANDLOCK_ACCESS_FS_TRUNCATE)
#define ALL (WRITE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
/* What there is to allow of a file that is no folder. */
#define OF_FILES                                                     \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | \
	 LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

int landlock_version(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return version > 0 ? (int)version : 0;
}

static uint64_t known_rights(void)
{
	int version = landlock_version();
	uint64_t rights = ALL;

	if (version < 2)
		rights &= ~LANDLOCK_ACCESS_FS_REFER;
	if (version < 3)
		rights &= ~LANDLOCK_ACCESS_FS_TRUNCATE;
	return rights;
}

/* 0, or -1 and errno. */
static int allow(int rules, uint64_t rights, const struct place *place)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights & (place->is_writable ? WRITE : READ),
		.parent_fd = open(place->path, O_PATH | O_CLOEXEC),
	};
	struct stat st;
	int rc = 0;

	if (rule.parent_fd < 0)
		return 0;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	/* Pipes and the like, which no rule can be for, are not restricted either: EBADFD. */
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0 &&
	    errno != EBADFD)
		rc = -1;
	close(rule.parent_fd);
	return rc;
}

int landlock_restrict(const struct place *places, size_t n, struct err *err)
{
	const struct landlock_ruleset_attr attr = {.handled_access_fs = known_rights()};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	int rc = rules >= 0 ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = allow(rules, attr.handled_access_fs, &places[i]);
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	if (rc != 0)
		rc = err_set(err, E_UNSUPPORTED,
			     "can't bind plugins to folders: %s; landlock = off does without it",
			     strerror(errno));
	if (rules >= 0)
		close(rules);
	return rc;
}
