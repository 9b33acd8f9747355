#include "server/registry/ids_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "server/event/event.h"
#include "server/file.h"
#include "server/registry/ids_slots.h"

#define LOCK_PAUSE ((long)(IDS_FILE_PAUSE * 1e9)) /* nanoseconds */
#define INSTANCE_BLOCK ((int64_t)1024)
#define INSTANCE_END ((int64_t)1 << 31) /* the gateway's ProtoBuf has ids of 31 bits */
#define EVENT_BLOCK ((int64_t)1 << 24)
#define EVENT_END ((int64_t)1 << EVENT_COUNTER_BITS)

/* The file, open, and what it says. */
struct ids {
	const char *path;
	int fd;
	struct ids_slot slot; /* the one that holds, ... */
	unsigned place;       /* ... and where it is */
};

/* ---- its bytes ---- */

static bool is_full(void)
{
	return errno == ENOSPC || errno == EDQUOT;
}

/* No room is said as such, for it is to be made, and by a person. */
static int io_error(const char *verb, const char *path, struct err *err)
{
	if (is_full())
		return err_set(err, E_LIMIT,
			       "no room for %s, which the file of ids needs once: make room on its "
			       "file system, %zu bytes and two files",
			       path, IDS_SLOTS_SIZE);
	return err_set(err, E_IO, "can't %s %s: %s", verb, path, strerror(errno));
}

/* In its place: no room is needed for that, so that a full disk hinders nobody. */
static int put_slot(int fd, unsigned place, const struct ids_slot *slot)
{
	ssize_t n = pwrite(fd, slot, sizeof(*slot), (off_t)(place * IDS_SLOT_SIZE));

	if (n == (ssize_t)sizeof(*slot))
		return 0;
	if (n >= 0)
		errno = EIO;
	return -1;
}

/* What was written last must be on the disk before the other slot is overwritten, so that one of them is whole whenever
 * the machine stops. What is written now need not be: whoever keeps ids of ours, across a Unix socket, stops with it.
 * What may be there by half is taken back, so that it is not what the next writing leaves alone. */
static int write_marks(struct ids *ids, const struct ids_marks *marks, struct err *err)
{
	const struct ids_slot slot = ids_slots_make(ids->slot.sequence, marks), none = {0};
	unsigned place = (ids->place + 1) % IDS_SLOTS;
	int rc;

	if (fdatasync(ids->fd) == 0 && put_slot(ids->fd, place, &slot) == 0)
		return 0;
	rc = io_error("write", ids->path, err);
	(void)put_slot(ids->fd, place, &none);
	return rc;
}

/* ---- the file ---- */

/* Where the file is new, nobody knows what an earlier one said (a container's file system is gone with
 * it), so a place is chosen that was probably never used. */
static int make_marks(struct ids_marks *ret)
{
	uint32_t random[2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -E_IO;
	ret->generation = (int64_t)time(NULL);
	ret->instances = 1 + (int64_t)(random[0] % (uint32_t)(INSTANCE_END / 2));
	ret->events = 1 + (int64_t)random[1] * (EVENT_END / 2 / ((int64_t)1 << 32));
	return 0;
}

/* All of its room is taken here, once. */
static int fill_new(int fd, const char *path, const struct ids_marks *marks, struct err *err)
{
	const struct ids_slot slot = ids_slots_make(0, marks);

	errno = posix_fallocate(fd, 0, (off_t)IDS_SLOTS_SIZE);
	if (errno != 0 || put_slot(fd, 0, &slot) != 0)
		return io_error("make", path, err);
	return 0;
}

/* In place of one that may be there, whole or not at all. */
static int make_file(const char *path, const char *dir, const struct ids_marks *marks,
		     struct err *err)
{
	struct file_new new;
	int rc = file_new_init(&new, dir, IDS_FILE_NAME, err);

	if (rc == -E_IO && is_full())
		return io_error("make", path, err);
	if (rc != 0)
		return rc;
	rc = fill_new(new.fd, path, marks, err);
	return file_new_end(&new, rc, err);
}

static int open_file(const char *path)
{
	return open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
}

/* Reads what holds; *ret_old where it is of the old form. */
static int read_file(struct ids *ids, bool *ret_old, struct err *err)
{
	uint8_t bytes[IDS_SLOTS_SIZE];
	ssize_t n = pread(ids->fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return io_error("read", ids->path, err);
	if (ids_slots_read(bytes, (size_t)n, &ids->slot, &ids->place) == 0)
		return 0;
	*ret_old = ids_slots_read_old(bytes, (size_t)n, &ids->slot.marks) == 0;
	return *ret_old
		       ? 0
		       : err_set(err, E_IO,
				 "can't understand %s: stop the gateway, remove the file, start again",
				 ids->path);
}

/* Opens it, and makes it where it isn't there or is of the old form. On success ids->fd is owned. */
static int open_ids(struct ids *ids, const char *dir, struct err *err)
{
	struct ids_marks marks;
	bool is_old = false;
	int rc;

	ids->fd = open_file(ids->path);
	if (ids->fd < 0 && errno != ENOENT)
		return io_error("open", ids->path, err);
	if (ids->fd >= 0) {
		rc = read_file(ids, &is_old, err);
		marks = ids->slot.marks;
		if (rc == 0 && !is_old)
			return 0;
		close(ids->fd);
	} else {
		rc = make_marks(&marks);
	}
	if (rc == 0)
		rc = make_file(ids->path, dir, &marks, err);
	if (rc != 0)
		return rc;
	ids->slot = ids_slots_make(0, &marks);
	ids->place = 0;
	ids->fd = open_file(ids->path);
	return ids->fd >= 0 ? 0 : io_error("open", ids->path, err);
}

/* ---- the lock ---- */

/* Whoever may open the file can hold its lock for ever: so we give up soon, and at once where a loop is behind us. */
static int wait_lock(int fd, bool waits)
{
	const struct timespec pause = {0, LOCK_PAUSE};

	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -E_IO;
		if (!waits || i == IDS_FILE_TRIES)
			return -E_TIMEOUT;
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* A file of its own is locked: that of the ids, and the folder, can be opened, and so locked, by everybody. Returns its
 * descriptor, or a negative code. */
static int take_lock(const char *path, bool waits, struct err *err)
{
	int rc, fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0 && is_full())
		return io_error("make", path, err);
	if (fd < 0)
		return err_set(err, E_IO, "can't open %s: %s%s", path, strerror(errno),
			       errno == EACCES ? "; remove it where it is another user's" : "");
	rc = wait_lock(fd, waits);
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

typedef int (*ids_change)(struct ids_marks *, void *, struct err *);

/* Reads, changes and writes the marks. */
static int change_locked(const char *dir, ids_change change, void *user, struct err *err)
{
	char *path = file_printf("%s/%s", dir, IDS_FILE_NAME);
	struct ids ids = {.path = path};
	struct ids_marks marks;
	int rc = path != NULL ? open_ids(&ids, dir, err) : -E_NOMEM;

	if (rc == 0) {
		marks = ids.slot.marks;
		rc = change(&marks, user, err);
		if (rc == 0)
			rc = write_marks(&ids, &marks, err);
		close(ids.fd);
	}
	free(path);
	return rc;
}

/* The same while nobody else does. */
static int change_marks(const struct ids_file *f, ids_change change, void *user, struct err *err)
{
	char *path = file_printf("%s/%s", f->dir, IDS_FILE_LOCK_NAME);
	int rc, lock = path != NULL ? take_lock(path, f->waits, err) : -E_NOMEM;

	free(path);
	if (lock < 0)
		return lock;
	rc = change_locked(f->dir, change, user, err);
	close(lock);
	return rc;
}

/* The same, with what a person needs to know of a failure. */
static int change_or_explain(const struct ids_file *f, ids_change change, void *user,
			     struct err *err)
{
	struct err detail = {""};
	int rc = change_marks(f, change, user, &detail);

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

static int count_generation(struct ids_marks *marks, void *user, struct err *err)
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
	*f = (struct ids_file){.dir = strdup(dir), .waits = true};
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

static int take_instances(struct ids_marks *marks, void *user, struct err *err)
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
static int take_events(struct ids_marks *marks, void *user, struct err *err)
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
