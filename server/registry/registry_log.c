#include "server/registry/registry_log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "plugins/instance.h"
#include "protocol/err.h"

#define HEAD_MAGIC ((uint64_t)0x4f75745265673031) /* another one for another layout */
#define RECORD_MAGIC ((uint32_t)0x4f52526f)
#define PAGE ((uint64_t)4096)
#define NAP 50000L /* nanoseconds between two tries to lock */
#define NAPS 20000 /* ... after which we give up: more than a second */
#define ALIGNMENT ((uint64_t)8)
#define ID_END ((int64_t)1 << 31)
#define TEXT_MAX ((size_t)1 << 30)
#define OFFSET_MAX ((uint64_t)1 << 62)

/* ---- bytes ---- */

static int read_all(int fd, void *bytes, size_t n, uint64_t offset)
{
	char *at = bytes;

	while (n > 0) {
		ssize_t got = pread(fd, at, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -E_IO;
		if (got == 0)
			return -E_MALFORMED;
		at += got;
		n -= (size_t)got;
		offset += (uint64_t)got;
	}
	return 0;
}

static int write_all(int fd, const void *bytes, size_t n, uint64_t offset)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t put = pwrite(fd, at, n, (off_t)offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -E_IO;
		at += put;
		n -= (size_t)put;
		offset += (uint64_t)put;
	}
	return 0;
}

static uint64_t round_up(uint64_t n, uint64_t unit)
{
	return (n + unit - 1) / unit * unit;
}

/* ---- the file ---- */

int registry_log_create(int64_t generation, int *ret_fd, struct err *err)
{
	const struct registry_head head = {
		.magic = HEAD_MAGIC,
		.epoch = 1,
		.generation = generation,
		.begin = REGISTRY_LOG_BEGIN,
		.end = REGISTRY_LOG_BEGIN,
	};
	int fd = memfd_create("outrigger-registry", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)REGISTRY_LOG_BEGIN) != 0 ||
	    registry_log_write_head(fd, &head) != 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL) != 0) {
		err_set(err, E_IO, "can't make memory for the registry of instances: %s",
			strerror(errno));
		if (fd >= 0)
			close(fd);
		return -E_IO;
	}
	*ret_fd = fd;
	return 0;
}

/* Only a memfd has seals. */
static bool is_memory(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & F_SEAL_SHRINK) && !(seals & F_SEAL_WRITE);
}

int registry_log_open(int fd, int *ret_fd, struct err *err)
{
	char path[64];
	struct registry_head head;
	int own, rc;

	if (!is_memory(fd))
		return err_set(err, E_MALFORMED, "what was given is no registry of instances");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_RDWR | O_CLOEXEC);
	if (own < 0)
		return err_set(err, E_IO, "can't open the registry of instances: %s",
			       strerror(errno));
	rc = registry_log_read_head(own, &head);
	if (rc != 0) {
		close(own);
		return err_set(err, (enum err_code)(-rc),
			       "the registry of instances is damaged, or of another version");
	}
	*ret_fd = own;
	return 0;
}

/* 0, or -1 and errno. */
static int change_lock(int fd, short type)
{
	struct flock lock = {.l_type = type, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &lock);
}

/* It is held for microseconds, or for ever by a process that was stopped: so not by waiting in the kernel. */
int registry_log_lock(int fd)
{
	const struct timespec nap = {.tv_nsec = NAP};

	for (int i = 0; i < NAPS; i++) {
		if (change_lock(fd, F_WRLCK) == 0)
			return 0;
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -E_IO;
		nanosleep(&nap, NULL);
	}
	return -E_TIMEOUT;
}

void registry_log_unlock(int fd)
{
	change_lock(fd, F_UNLCK);
}

/* ---- the head ---- */

static bool is_sane(const struct registry_head *head, uint64_t size)
{
	return head->magic == HEAD_MAGIC && head->begin >= REGISTRY_LOG_BEGIN &&
	       head->begin <= head->end && head->end <= size && size < OFFSET_MAX &&
	       head->begin % ALIGNMENT == 0 && head->end % ALIGNMENT == 0 &&
	       head->rows <= (head->end - head->begin) / sizeof(struct registry_record);
}

int registry_log_read_head(int fd, struct registry_head *ret)
{
	struct registry_head head;
	struct stat st;
	int rc = read_all(fd, &head, sizeof(head), 0);

	if (rc != 0)
		return rc;
	if (fstat(fd, &st) != 0)
		return -E_IO;
	if (!is_sane(&head, (uint64_t)st.st_size))
		return -E_MALFORMED;
	*ret = head;
	return 0;
}

int registry_log_write_head(int fd, const struct registry_head *head)
{
	return write_all(fd, head, sizeof(*head), 0);
}

int registry_log_repair(int fd, const struct registry_head *last, struct registry_head *ret)
{
	struct registry_head head = *last;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -E_IO;
	head.epoch++;
	head.rows = 0;
	head.begin = head.end = registry_log_next_begin((uint64_t)st.st_size);
	if (registry_log_reach(fd, &head) != 0)
		return -E_IO;
	registry_log_punch(fd, &head);
	*ret = head;
	return registry_log_write_head(fd, &head);
}

/* ---- records ---- */

static uint64_t texts_size(const struct registry_record *record)
{
	return (uint64_t)record->plugin_len + record->conf_len + record->key_len + 3;
}

static bool is_whole(const struct registry_record *record, uint64_t room)
{
	return record->magic == RECORD_MAGIC && record->size <= room && record->id > 0 &&
	       record->id < ID_END &&
	       record->size == round_up(sizeof(*record) + texts_size(record), ALIGNMENT);
}

int registry_log_read(int fd, const struct registry_head *head, uint64_t offset,
		      struct registry_record *ret)
{
	struct registry_record record;
	uint64_t room = head->end - offset;
	int rc;

	if (offset < head->begin || offset > head->end || room < sizeof(record))
		return -E_MALFORMED;
	rc = read_all(fd, &record, sizeof(record), offset);
	if (rc != 0)
		return rc;
	if (!is_whole(&record, room))
		return -E_MALFORMED;
	*ret = record;
	return 0;
}

/* The text at *at, which it moves behind its NUL. NULL where that is missing. */
static const char *take_text(const char **at, size_t n)
{
	const char *text = *at;

	*at += n + 1;
	return text[n] == '\0' ? text : NULL;
}

int registry_log_read_row(int fd, uint64_t offset, const struct registry_record *record,
			  struct buf *texts, struct instance_row *ret)
{
	size_t n = (size_t)texts_size(record);
	const char *at;
	int rc;

	buf_consume(texts, buf_len(texts));
	rc = buf_reserve(texts, n);
	if (rc == 0)
		rc = read_all(fd, buf_tail(texts), n, offset + sizeof(*record));
	if (rc != 0)
		return rc;
	at = (const char *)buf_tail(texts);
	buf_commit(texts, n);
	ret->id = record->id;
	ret->plugin = take_text(&at, record->plugin_len);
	ret->conf = take_text(&at, record->conf_len);
	ret->conf_len = record->conf_len;
	ret->key = take_text(&at, record->key_len);
	ret->key_len = record->key_len;
	ret->refs = record->use.refs;
	ret->used_at = record->use.used_at;
	return ret->plugin != NULL && ret->conf != NULL && ret->key != NULL ? 0 : -E_MALFORMED;
}

static int add_text(struct buf *b, const char *text, size_t n)
{
	int rc = n > 0 ? buf_append(b, text, n) : 0;

	return rc == 0 ? buf_append(b, "", 1) : rc;
}

static int compose(struct buf *b, const struct registry_record *record,
		   const struct instance_row *row)
{
	static const char zeros[ALIGNMENT];
	int rc = buf_append(b, record, sizeof(*record));

	if (rc == 0)
		rc = add_text(b, row->plugin, record->plugin_len);
	if (rc == 0)
		rc = add_text(b, row->conf, record->conf_len);
	if (rc == 0)
		rc = add_text(b, row->key, record->key_len);
	if (rc == 0 && buf_len(b) < record->size)
		rc = buf_append(b, zeros, (size_t)record->size - buf_len(b));
	return rc;
}

int registry_log_write(int fd, const struct registry_place *place, const struct instance_row *row,
		       struct buf *scratch, uint64_t *ret_size)
{
	struct registry_record record = {
		.magic = RECORD_MAGIC,
		.hash = place->hash,
		.id = row->id,
		.use = {row->used_at, row->refs},
		.plugin_len = (uint32_t)strlen(row->plugin),
		.conf_len = (uint32_t)row->conf_len,
		.key_len = (uint32_t)row->key_len,
	};
	int rc;

	if (row->conf_len > TEXT_MAX || row->key_len > TEXT_MAX)
		return -E_TOO_LARGE;
	record.size = round_up(sizeof(record) + texts_size(&record), ALIGNMENT);
	buf_consume(scratch, buf_len(scratch));
	rc = compose(scratch, &record, row);
	if (rc == 0)
		rc = write_all(fd, buf_head(scratch), buf_len(scratch), place->offset);
	if (rc == 0)
		*ret_size = record.size;
	return rc;
}

int registry_log_write_use(int fd, uint64_t offset, const struct registry_use *use)
{
	return write_all(fd, use, sizeof(*use), offset + offsetof(struct registry_record, use));
}

/* ---- rewriting ---- */

int registry_log_copy(int fd, uint64_t from, uint64_t to, uint64_t size)
{
	char piece[PAGE];
	int rc = 0;

	while (rc == 0 && size > 0) {
		size_t n = size < sizeof(piece) ? (size_t)size : sizeof(piece);

		rc = read_all(fd, piece, n, from);
		if (rc == 0)
			rc = write_all(fd, piece, n, to);
		from += n;
		to += n;
		size -= n;
	}
	return rc;
}

int registry_log_reach(int fd, const struct registry_head *head)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return -E_IO;
	if ((uint64_t)st.st_size >= head->end)
		return 0;
	return ftruncate(fd, (off_t)head->end) == 0 ? 0 : -E_IO;
}

void registry_log_punch(int fd, const struct registry_head *head)
{
	uint64_t end = head->begin / PAGE * PAGE;

	if (end > REGISTRY_LOG_BEGIN)
		(void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				(off_t)REGISTRY_LOG_BEGIN, (off_t)(end - REGISTRY_LOG_BEGIN));
}

uint64_t registry_log_next_begin(uint64_t end)
{
	return round_up(end, PAGE);
}
