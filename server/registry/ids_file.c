#include "server/registry/ids_file.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "server/event/event.h"
#include "server/file.h"

#define LOCK_PAUSE 5000000L /* nanoseconds between two tries */
#define LOCK_TRIES 40       /* 200 ms: a change takes some milliseconds */
#define INSTANCE_BLOCK ((int64_t)1024)
#define INSTANCE_END ((int64_t)1 << 31) /* the gateway's ProtoBuf has ids of 31 bits */
#define EVENT_BLOCK ((int64_t)1 << 24)
#define EVENT_END ((int64_t)1 << EVENT_COUNTER_BITS)

/* The first numbers that nobody was given. */
struct marks {
	int64_t generation, instances, events;
};

/* Where the file is new, nobody knows what an earlier one said (a container's file system is gone with
 * it), so a place is chosen that was probably never used. */
static int make_marks(struct marks *ret)
{
	uint32_t random[2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -E_IO;
	ret->generation = (int64_t)time(NULL);
	ret->instances = 1 + (int64_t)(random[0] % (uint32_t)(INSTANCE_END / 2));
	ret->events = 1 + (int64_t)random[1] * (EVENT_END / 2 / ((int64_t)1 << 32));
	return 0;
}

static int read_marks(const char *path, struct marks *ret, struct err *err)
{
	json_error_t error;
	json_t *root = json_load_file(path, 0, &error);
	json_int_t generation, instances, events;
	int rc;

	if (root == NULL && access(path, F_OK) != 0 && errno == ENOENT)
		return make_marks(ret);
	rc = json_unpack(root, "{s:I, s:I, s:I}", "generation", &generation, "instances",
			 &instances, "events", &events);
	json_decref(root);
	if (rc != 0 || instances < 1 || events < 1)
		return err_set(
			err, E_IO,
			"can't understand %s: stop the gateway, remove the file, start again",
			path);
	*ret = (struct marks){generation, instances, events};
	return 0;
}

static int write_marks(const char *dir, const struct marks *marks, struct err *err)
{
	char text[160];

	snprintf(text, sizeof(text), "{\"generation\":%lld,\"instances\":%lld,\"events\":%lld}\n",
		 (long long)marks->generation, (long long)marks->instances,
		 (long long)marks->events);
	return file_write_atomic(dir, IDS_FILE_NAME, text, err);
}

/* ---- the lock ---- */

/* Whoever may open the file can hold its lock for ever, and we are called from the loop: so we give up soon. */
static int wait_lock(int fd)
{
	const struct timespec pause = {0, LOCK_PAUSE};

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -E_IO;
		if (i == LOCK_TRIES)
			return -E_TIMEOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* A file of its own is locked: that of the ids is replaced by each writing, and the folder can be opened, and so
 * locked, by everybody. Returns its descriptor, or a negative code. */
static int take_lock(const char *path, struct err *err)
{
	int rc, fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_set(err, E_IO, "can't open %s: %s%s", path, strerror(errno),
			       errno == EACCES ? "; remove it where it is another user's" : "");
	rc = wait_lock(fd);
	if (rc == 0)
		return fd;
	if (rc == -E_TIMEOUT)
		err_set(err, E_TIMEOUT,
			"another process keeps %s locked: no ids can be taken until it lets go",
			path);
	else
		err_set(err, E_IO, "can't lock %s: %s", path, strerror(errno));
	close(fd);
	return rc;
}

/* Reads, changes and writes the marks. */
static int change_locked(const char *dir, int (*change)(struct marks *, void *, struct err *),
			 void *user, struct err *err)
{
	char *path = file_printf("%s/%s", dir, IDS_FILE_NAME);
	struct marks marks = {0};
	int rc = path != NULL ? read_marks(path, &marks, err) : -E_NOMEM;

	if (rc == 0)
		rc = change(&marks, user, err);
	if (rc == 0)
		rc = write_marks(dir, &marks, err);
	free(path);
	return rc;
}

/* The same while nobody else does. */
static int change_marks(const char *dir, int (*change)(struct marks *, void *, struct err *),
			void *user, struct err *err)
{
	char *path = file_printf("%s/%s", dir, IDS_FILE_LOCK_NAME);
	int rc, lock = path != NULL ? take_lock(path, err) : -E_NOMEM;

	free(path);
	if (lock < 0)
		return lock;
	rc = change_locked(dir, change, user, err);
	close(lock);
	return rc;
}

/* The same, with what a person needs to know of a failure. */
static int change_or_explain(const struct ids_file *f,
			     int (*change)(struct marks *, void *, struct err *), void *user,
			     struct err *err)
{
	struct err detail = {""};
	int rc = change_marks(f->dir, change, user, &detail);

	if (rc == 0)
		return 0;
	if (rc == -E_LIMIT || rc == -E_TIMEOUT)
		return err_set(err, (enum err_code)(-rc), "%s", detail.text);
	return err_set(err, (enum err_code)(-rc),
		       "can't write down in %s/" IDS_FILE_NAME
		       " which ids are in use (%s): the folder "
		       "of the socket must be one that this user may write to",
		       f->dir, err_message(&detail, rc));
}

static int count_generation(struct marks *marks, void *user, struct err *err)
{
	(void)err;
	*(int64_t *)user = ++marks->generation;
	return 0;
}

int ids_file_init(struct ids_file *f, const char *dir, struct err *err)
{
	int rc;

	if (!file_exists(dir))
		return err_set(err, E_IO,
			       "there is no folder %s for the socket: make it, or give another "
			       "--prefix or --socket",
			       dir);
	*f = (struct ids_file){.dir = strdup(dir)};
	if (f->dir == NULL)
		return err_set(err, E_NOMEM, "no memory for the file of ids");
	rc = change_or_explain(f, count_generation, &f->generation, err);
	if (rc != 0)
		ids_file_fini(f);
	return rc;
}

void ids_file_fini(struct ids_file *f)
{
	free(f->dir);
	f->dir = NULL;
}

struct range {
	int64_t first, end;
};

static int take_instances(struct marks *marks, void *user, struct err *err)
{
	struct range *range = user;

	if (marks->instances >= INSTANCE_END)
		return err_set(err, E_LIMIT,
			       "all instance ids are used up: stop the gateway, remove "
			       "%s beside the socket, start again",
			       IDS_FILE_NAME);
	range->first = marks->instances;
	range->end = range->first + INSTANCE_BLOCK < INSTANCE_END ? range->first + INSTANCE_BLOCK
								  : INSTANCE_END;
	marks->instances = range->end;
	return 0;
}

/* Half a million blocks, of which a start and each 16 million events take one: when all are used, the
 * first ones are long forgotten. */
static int take_events(struct marks *marks, void *user, struct err *err)
{
	struct range *range = user;

	(void)err;
	if (marks->events >= EVENT_END - EVENT_BLOCK)
		marks->events = 1;
	range->first = marks->events;
	range->end = marks->events += EVENT_BLOCK;
	return 0;
}

int ids_file_reserve_instances(void *user, uint32_t *ret_first, uint32_t *ret_end, struct err *err)
{
	struct range range = {0};
	int rc = change_or_explain(user, take_instances, &range, err);

	if (rc != 0)
		return rc;
	*ret_first = (uint32_t)range.first;
	*ret_end = (uint32_t)range.end;
	return 0;
}

int ids_file_reserve_events(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err)
{
	struct range range = {0};
	int rc = change_or_explain(user, take_events, &range, err);

	if (rc != 0)
		return rc;
	*ret_first = (uint64_t)range.first;
	*ret_end = (uint64_t)range.end;
	return 0;
}
