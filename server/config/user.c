#include "server/config/user.h"
#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"

static bool read_number(const char *text, uint32_t *ret)
{
	char *end = NULL;
	unsigned long number;

	if (!isdigit((unsigned char)text[0]))
		return false;
	number = strtoul(text, &end, 10);
	if (*end != '\0' || number >= UINT32_MAX)
		return false;
	*ret = (uint32_t)number;
	return true;
}

int user_find(const char *name, uid_t *ret_uid, struct err *err)
{
	const struct passwd *user = getpwnam(name);

	if (user != NULL) {
		*ret_uid = user->pw_uid;
		return 0;
	}
	if (read_number(name, ret_uid))
		return 0;
	return err_set(err, E_CONF, "there is no user '%s'", name);
}

int user_find_group(const char *name, gid_t *ret_gid, struct err *err)
{
	const struct group *group = getgrnam(name);

	if (group != NULL) {
		*ret_gid = group->gr_gid;
		return 0;
	}
	if (read_number(name, ret_gid))
		return 0;
	return err_set(err, E_CONF, "there is no group '%s'", name);
}

static int add(struct user_list *list, const char *name, struct err *err)
{
	uid_t *uids = realloc(list->uids, (list->count + 1) * sizeof(*uids));
	int rc;

	if (uids == NULL)
		return err_set(err, E_NOMEM, "no memory for a list of users");
	list->uids = uids;
	rc = user_find(name, &uids[list->count], err);
	if (rc == 0)
		list->count++;
	return rc;
}

int user_list_init(struct user_list *list, const char *names, struct err *err)
{
	char *copy = strdup(names);
	char *rest = copy, *name;
	int rc = 0;

	*list = (struct user_list){0};
	if (copy == NULL)
		return err_set(err, E_NOMEM, "no memory for a list of users");
	while (rc == 0 && (name = strsep(&rest, ", ")) != NULL)
		if (name[0] != '\0')
			rc = add(list, name, err);
	free(copy);
	if (rc != 0)
		user_list_fini(list);
	return rc;
}

void user_list_fini(struct user_list *list)
{
	free(list->uids);
	*list = (struct user_list){0};
}

bool user_list_has(const struct user_list *list, uid_t uid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->uids[i] == uid)
			return true;
	return false;
}
