#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/check/check_gateway.h"
#include "server/config/config_value.h"
#include "server/file.h"
#include "server/socket/socket_file.h"

enum {
	MAY_EXECUTE = 1,
	MAY_WRITE = 2,
	MAY_READ = 4
};

static bool has_group(const struct gateway_user *user, gid_t gid)
{
	for (int i = 0; i < user->group_count; i++) {
		if (user->groups[i] == gid)
			return true;
	}
	return user->gid == gid;
}

/* Whether the user has the bits of `wanted` (of rwx = 4, 2, 1). */
static bool may(const struct gateway_user *user, const struct stat *st, unsigned wanted)
{
	unsigned mode = st->st_mode;

	if (user->uid == 0)
		return true;
	if (user->uid == st->st_uid)
		mode >>= 6;
	else if (has_group(user, st->st_gid))
		mode >>= 3;
	return (mode & wanted) == wanted;
}

/* The groups that the user is in, and the one that nginx_user names, if any. */
static void find_groups(struct gateway_user *user, gid_t primary, const char *group)
{
	const struct group *gr = group[0] != '\0' ? getgrnam(group) : NULL;

	user->gid = gr != NULL ? gr->gr_gid : primary;
	user->group_count = GATEWAY_GROUPS_MAX;
	if (getgrouplist(user->name, primary, user->groups, &user->group_count) < 0)
		user->group_count = 0;
}

/* nginx_user is "USER [GROUP]". Kong drops its default, kong kong, where there is no such user. */
bool check_find_user(const struct gateway_check *check, struct gateway_user *user)
{
	const char *set = kong_conf_get(check->kong, "nginx_user");
	char group[64] = "";
	const struct passwd *pw;

	memcpy(user->name, "kong", sizeof("kong"));
	if (set != NULL && sscanf(set, "%63s %63s", user->name, group) < 1)
		return false;
	pw = getpwnam(user->name);
	if (pw == NULL) {
		report_add(check->report, set != NULL ? FINDING_ERROR : FINDING_NOTE, "nginx_user",
			   "there is no user %s here, so who may reach the sockets was not checked",
			   user->name);
		return false;
	}
	user->uid = pw->pw_uid;
	find_groups(user, pw->pw_gid, group);
	return true;
}

static void refuse_folder(const struct gateway_check *check, const struct checked_socket *socket,
			  const char *dir, const char *what)
{
	report_add(check->report, FINDING_ERROR, socket->plugin,
		   "the gateway's user may not %s %s, so %s is out of its reach; change the "
		   "folder's owner, group or mode",
		   what, dir, socket->path);
}

/* Each folder above the socket must let the user pass. */
static bool check_folders(const struct gateway_check *check, const struct gateway_user *user,
			  const struct checked_socket *socket, struct stat *ret_last)
{
	for (const char *slash = socket->path; slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t n = (size_t)(slash - socket->path);
		char *dir = strndup(socket->path, n > 0 ? n : 1);
		bool exists = dir != NULL && stat(dir, ret_last) == 0;
		bool passes = exists && may(user, ret_last, MAY_EXECUTE);

		if (dir != NULL && !exists)
			report_add(check->report, FINDING_ERROR, socket->plugin,
				   "there is no folder %s for the socket", dir);
		else if (!passes && dir != NULL)
			refuse_folder(check, socket, dir, "enter");
		free(dir);
		if (!passes)
			return false;
	}
	return true;
}

static uid_t owner_of_new(const struct config *config, uid_t process)
{
	const struct passwd *pw = config->socket_owner != NULL ? getpwnam(config->socket_owner)
							       : NULL;

	return pw != NULL ? pw->pw_uid : process;
}

static gid_t group_of_new(const struct config *config, const struct stat *dir, gid_t process)
{
	const struct group *gr = config->socket_group != NULL ? getgrnam(config->socket_group)
							      : NULL;

	if (gr != NULL)
		return gr->gr_gid;
	return (dir->st_mode & S_ISGID) ? dir->st_gid : process;
}

/* What the socket is, or will be once serve has made it. */
static void predict(const struct gateway_check *check, const struct gateway_user *user,
		    const struct checked_socket *socket, struct stat *st)
{
	const struct stat dir = *st;
	bool ours = !socket->started_by_gateway;

	st->st_mode = check->config->socket_mode;
	st->st_uid = owner_of_new(check->config, ours ? geteuid() : user->uid);
	st->st_gid = group_of_new(check->config, &dir, ours ? getegid() : user->gid);
}

static bool is_allowed(const char *list, const struct gateway_user *user)
{
	char uid[24];

	snprintf(uid, sizeof(uid), "%lu", (unsigned long)user->uid);
	return list == NULL || value_list_has(list, uid) || value_list_has(list, user->name);
}

static void check_socket(const struct gateway_check *check, const struct gateway_user *user,
			 const struct checked_socket *socket, const struct stat *dir)
{
	struct stat st;
	bool exists = stat(socket->path, &st) == 0;

	if (exists && !S_ISSOCK(st.st_mode)) {
		report_add(check->report, FINDING_ERROR, socket->plugin,
			   "%s is no socket; remove it", socket->path);
		return;
	}
	if (socket->started_by_gateway && !may(user, dir, MAY_WRITE | MAY_EXECUTE))
		report_add(check->report, FINDING_ERROR, socket->plugin,
			   "the gateway starts the server as its own user, which may not make %s; "
			   "give it the right to write in that folder",
			   socket->path);
	if (!exists) {
		st = *dir;
		predict(check, user, socket, &st);
	}
	if (!may(user, &st, MAY_WRITE))
		report_add(check->report, FINDING_ERROR, socket->plugin,
			   "the gateway's user %s write to %s (mode 0%o); set socket_group or "
			   "socket_mode",
			   exists ? "may not" : "would not be able to", socket->path,
			   (unsigned)st.st_mode & 0777);
}

void check_access(const struct gateway_check *check, const struct gateway_user *user,
		  const struct checked_socket *socket)
{
	struct stat dir;

	if (strlen(socket->path) > SOCKET_PATH_MAX)
		report_add(check->report, FINDING_ERROR, socket->plugin,
			   "%s is too long for a socket; set a shorter one (plugin_NAME_socket)",
			   socket->path);
	if (user == NULL)
		return;
	if (!is_allowed(check->config->allowed_uids, user))
		report_add(check->report, FINDING_ERROR, socket->plugin,
			   "allowed_uids refuses the gateway's user; add it");
	if (check_folders(check, user, socket, &dir))
		check_socket(check, user, socket, &dir);
}

void check_readable(const struct gateway_check *check, const struct gateway_user *user,
		    const char *key, const char *path)
{
	const struct checked_socket file = {.plugin = key, .path = path};
	struct stat st;

	if (user == NULL || path == NULL || !check_folders(check, user, &file, &st) ||
	    stat(path, &st) != 0)
		return;
	if (!may(user, &st, S_ISDIR(st.st_mode) ? MAY_READ | MAY_EXECUTE : MAY_READ))
		report_add(check->report, FINDING_ERROR, key,
			   "the gateway starts the server as its own user, which may not read %s; "
			   "change its owner, group or mode",
			   path);
}
