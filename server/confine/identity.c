#include "server/confine/identity.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/user.h"

static bool is_ours(const struct identity *identity)
{
	return geteuid() == identity->uid && getegid() == identity->gid;
}

static int find_group(const struct config *config, struct identity *identity, struct err *err)
{
	const struct passwd *row = getpwuid(identity->uid);

	if (config->run_as_group != NULL)
		return user_find_group(config->run_as_group, &identity->gid, err);
	if (row == NULL)
		return err_set(
			err, E_CONF,
			"the system does not know the user %s, so it knows no group of theirs "
			"either: set run_as_group",
			config->run_as_user);
	identity->gid = row->pw_gid;
	return 0;
}

int identity_find(const struct config *config, struct identity *ret, struct err *err)
{
	struct identity found = {.user = config->run_as_user};
	int rc;

	*ret = (struct identity){0};
	if (config->run_as_user == NULL && config->run_as_group != NULL)
		return err_set(err, E_CONF, "run_as_group: it needs run_as_user");
	if (config->run_as_user == NULL)
		return 0;
	rc = user_find(config->run_as_user, &found.uid, err);
	if (rc == 0)
		rc = find_group(config, &found, err);
	if (rc != 0)
		return err_prefix(err, rc, "run_as_user");
	if (geteuid() != 0 && !is_ours(&found))
		return err_set(err, E_CONF,
			       "run_as_user = %s: only root can run plugins as somebody else, and "
			       "Outrigger runs as user %d; start it as root, or leave that key out",
			       config->run_as_user, (int)geteuid());
	*ret = found;
	return 0;
}

static int set_groups(const struct identity *identity)
{
	const struct passwd *row = getpwuid(identity->uid);

	if (row == NULL)
		return setgroups(1, &identity->gid);
	return initgroups(row->pw_name, identity->gid);
}

int identity_take(const struct identity *identity, struct err *err)
{
	if (identity->user == NULL || (is_ours(identity) && geteuid() != 0))
		return 0;
	if (set_groups(identity) != 0 ||
	    setresgid(identity->gid, identity->gid, identity->gid) != 0 ||
	    setresuid(identity->uid, identity->uid, identity->uid) != 0)
		return err_set(err, E_CONF, "can't become the user %s (run_as_user): %s",
			       identity->user, strerror(errno));
	return 0;
}
