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

/* The kernel's own has grown: it takes a longer one whose end is zero. `scoped` came with the sixth version. */
struct ruleset_attr {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)

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

static uint64_t known_rights(int version)
{
	uint64_t rights = ALL;

	if (version < LANDLOCK_MOVES)
		rights &= ~LANDLOCK_ACCESS_FS_REFER;
	if (version < LANDLOCK_TRUNCATES)
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

static int make_rules(const struct bounds *bounds, int version)
{
	struct ruleset_attr attr = {.handled_access_fs = known_rights(version)};

	if (version >= LANDLOCK_SCOPES && !bounds->has_abstract_sockets)
		attr.scoped = SCOPE_ABSTRACT_UNIX_SOCKET;
	return (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
}

int landlock_restrict(const struct bounds *bounds, struct err *err)
{
	int version = landlock_version();
	int rules = make_rules(bounds, version);
	int rc = rules >= 0 ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < bounds->count; i++)
		rc = allow(rules, known_rights(version), &bounds->places[i]);
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
