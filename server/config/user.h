/* user.h - users and groups by name or number, and lists of them. */
#ifndef SERVER_CONFIG_USER_H
#define SERVER_CONFIG_USER_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct err;

/* 0, or -E_CONF when the system knows no such user or group. */
int user_find(const char *name, uid_t *ret_uid, struct err *err);
int user_find_group(const char *name, gid_t *ret_gid, struct err *err);

struct user_list {
	uid_t *uids; /* owned */
	size_t count;
};

/* From names or numbers with commas between them. -E_CONF, -E_NOMEM. */
int user_list_init(struct user_list *list, const char *names, struct err *err);
void user_list_fini(struct user_list *list);
bool user_list_has(const struct user_list *list, uid_t uid);

#endif
