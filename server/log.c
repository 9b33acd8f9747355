#include "server/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/log_json.h"

#define BURST 20                     /* lines of a kind in a second */
#define LINE_KEEP ((size_t)64 << 10) /* of a longer text, what follows is cut */

/* Indexed by enum log_level. */
static const struct {
	const char *name;
	int priority;
} levels[] = {
	{"stderr", LOG_EMERG},  {"emerg", LOG_EMERG}, {"alert", LOG_ALERT},
	{"crit", LOG_CRIT},     {"error", LOG_ERR},   {"warn", LOG_WARNING},
	{"notice", LOG_NOTICE}, {"info", LOG_INFO},   {"debug", LOG_DEBUG},
};

static struct {
	enum log_level level;
	int fd;
	bool to_syslog;
	char *path; /* NULL = no file */
	enum log_format format;
	void (*lookup)(void *user, uint64_t event_id, struct log_context *ret);
	void *lookup_user;
	struct buf line;
} the_log = {.level = LOG_LEVEL_NOTICE, .fd = STDERR_FILENO};

/* Whether both are the same file, pipe or device. */
static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A link is followed to what we were started with alone (/dev/stdout): any other may be somebody's who wants us to write
 * there. A duplicate, or -1 and errno ELOOP. */
static int open_standard(const char *path)
{
	int at = open(path, O_PATH | O_CLOEXEC), fd = -1;
	struct stat target, standard;

	if (at >= 0 && fstat(at, &target) == 0)
		for (int i = STDOUT_FILENO; fd < 0 && i <= STDERR_FILENO; i++)
			if (fstat(i, &standard) == 0 && is_same(&target, &standard))
				fd = fcntl(i, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (at >= 0)
		close(at);
	if (fd < 0)
		errno = ELOOP;
	return fd;
}

/* Nobody waits for the other end of a pipe. */
static int open_file(const char *path, const char **ret_why)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		      0644);
	struct stat st;

	if (fd < 0 && errno == ELOOP)
		fd = open_standard(path);
	else if (fd >= 0 && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
		(void)fcntl(fd, F_SETFL, O_APPEND);
	else if (fd >= 0 || errno == ENXIO) {
		*ret_why = "it is neither a file nor a device";
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (fd < 0)
		*ret_why = errno == ELOOP
				   ? "it is a link, which is followed to our stdout and stderr only"
				   : strerror(errno);
	return fd;
}

static int open_path(const char *path, enum log_level level, struct err *err)
{
	char *copy = strdup(path);
	const char *why = "";
	int fd;

	if (copy == NULL)
		return err_set(err, E_NOMEM, "no memory for the log");
	fd = open_file(path, &why);
	if (fd < 0) {
		free(copy);
		return err_set(
			err, E_IO,
			"can't write the log %s: %s; make its folder, or set `log` to a file "
			"that can be written, to stderr or to syslog",
			path, why);
	}
	log_close();
	the_log.path = copy;
	the_log.fd = fd;
	the_log.level = level;
	return 0;
}

int log_open(const char *target, enum log_level level, struct err *err)
{
	if (strcmp(target, "stderr") != 0 && strcmp(target, "syslog") != 0)
		return open_path(target, level, err);
	log_close();
	the_log.level = level;
	the_log.to_syslog = strcmp(target, "syslog") == 0;
	if (the_log.to_syslog)
		openlog("outrigger", LOG_PID, LOG_DAEMON);
	return 0;
}

void log_reopen(void)
{
	const char *why = "";
	int fd;

	if (the_log.path == NULL)
		return;
	fd = open_file(the_log.path, &why);
	if (fd < 0) {
		log_line(LOG_LEVEL_ERR, "can't open the log %s anew: %s", the_log.path, why);
		return;
	}
	close(the_log.fd);
	the_log.fd = fd;
}

int log_file(void)
{
	return the_log.path != NULL ? the_log.fd : -1;
}

int log_descriptor(void)
{
	return the_log.fd;
}

int log_inherit(const char *target, enum log_level level, int fd, struct err *err)
{
	bool is_file = strcmp(target, "stderr") != 0 && strcmp(target, "syslog") != 0;
	int rc = is_file ? 0 : log_open(target, level, err);

	if (rc == 0 && is_file) {
		the_log.path = strdup(target);
		rc = the_log.path != NULL ? 0 : -E_NOMEM;
	}
	if (rc == 0) {
		the_log.level = level;
		the_log.fd = fd;
	}
	return rc;
}

void log_continue(int fd)
{
	int old = the_log.path != NULL ? the_log.fd : fd;

	if (old != fd)
		the_log.fd = fd;
	if (old >= 0)
		close(old);
}

void log_close(void)
{
	if (the_log.path != NULL)
		close(the_log.fd);
	if (the_log.to_syslog)
		closelog();
	free(the_log.path);
	buf_fini(&the_log.line);
	the_log.path = NULL;
	the_log.to_syslog = false;
	the_log.fd = STDERR_FILENO;
}

static void add_time(struct buf *line)
{
	static time_t last;
	static char text[32];
	time_t now = time(NULL);
	struct tm tm;

	if (now != last) {
		localtime_r(&now, &tm);
		strftime(text, sizeof(text), "%Y/%m/%d %H:%M:%S", &tm);
		last = now;
	}
	buf_append_str(line, text);
}

static bool is_plain(char c)
{
	return (unsigned char)c >= 0x20 ? c != 0x7f : c == '\n' || c == '\t';
}

static void add_text(struct buf *line, const char *text, size_t n)
{
	while (n > 0) {
		size_t plain = 0;

		while (plain < n && is_plain(text[plain]))
			plain++;
		buf_append(line, text, plain);
		if (plain < n)
			buf_printf(line, "\\x%02x", (unsigned char)text[plain++]);
		text += plain;
		n -= plain;
	}
}

static void write_line(const struct buf *line)
{
	ssize_t n;

	/* A log that can't be written has nowhere to say so. */
	do
		n = write(the_log.fd, buf_head(line), buf_len(line));
	while (n < 0 && errno == EINTR);
}

/* It is the gateway's word: nothing in it ends the line or the quotes. */
static void add_id(struct buf *line, const char *id, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = id[i] > ' ' && id[i] != 0x7f && id[i] != '"' ? id[i] : '?';

		buf_append(line, &c, 1);
	}
}

/* As the gateway writes what it knows of a request. */
static void add_context(struct buf *line, const struct log_context *context)
{
	if (context->phase == NULL)
		return;
	buf_printf(line, ", phase: %s, instance: %lld", context->phase,
		   (long long)context->instance);
	if (context->request == NULL)
		return;
	buf_append_str(line, ", request_id: \"");
	add_id(line, context->request, context->request_len);
	buf_append_str(line, "\"");
}

/* Only lines that a log line begins with have no blank before them: nobody's text looks like another line. */
static void add_more_lines(struct buf *line, const char *text, size_t n)
{
	while (n > 0) {
		const char *end = memchr(text + 1, '\n', n - 1);
		size_t len = end != NULL ? (size_t)(end - text) : n;

		buf_append(line, "\n", 1);
		if (len > 1 && text[1] != '\t' && text[1] != ' ')
			buf_append(line, "\t", 1);
		add_text(line, text + 1, len - 1);
		text += len;
		n -= len;
	}
}

/* What is known stands in the first line, where one looks for it. */
static void add_message(struct buf *line, const struct log_entry *entry)
{
	size_t n = entry->n < LINE_KEEP ? entry->n : LINE_KEEP;
	const char *end = n > 0 ? memchr(entry->text, '\n', n) : NULL;
	size_t first = end != NULL ? (size_t)(end - entry->text) : n;

	add_text(line, entry->text, first);
	add_context(line, &entry->context);
	add_more_lines(line, entry->text + first, n - first);
}

static void add_plain(struct buf *line, const struct log_entry *entry)
{
	if (!the_log.to_syslog) {
		add_time(line);
		buf_printf(line, " [%s] %d#0: ", entry->level, (int)getpid());
	}
	if (entry->event_id != 0)
		buf_printf(line, "*%llu ", (unsigned long long)entry->event_id);
	if (entry->plugin != NULL)
		buf_printf(line, "[%s] ", entry->plugin);
	add_message(line, entry);
}

static void add_json(struct buf *line, struct log_entry *entry)
{
	if (entry->n > LINE_KEEP)
		entry->n = LINE_KEEP;
	log_json_append(line, entry);
}

void log_text(enum log_level level, uint64_t event_id, const char *plugin, const char *text,
	      size_t n)
{
	struct log_entry entry = {levels[level].name, event_id, plugin, text, n, {0}};
	struct buf *line = &the_log.line;

	if (level > the_log.level)
		return;
	if (event_id != 0 && the_log.lookup != NULL)
		the_log.lookup(the_log.lookup_user, event_id, &entry.context);
	if (the_log.format == LOG_JSON)
		add_json(line, &entry);
	else
		add_plain(line, &entry);
	if (the_log.to_syslog) {
		syslog(levels[level].priority, "%.*s", (int)buf_len(line),
		       (const char *)buf_head(line));
	} else {
		buf_append(line, "\n", 1);
		write_line(line);
	}
	buf_consume(line, buf_len(line));
}

void log_set_format(enum log_format format)
{
	the_log.format = format;
}

void log_set_lookup(void (*lookup)(void *user, uint64_t event_id, struct log_context *ret),
		    void *user)
{
	the_log.lookup = lookup;
	the_log.lookup_user = user;
}

static void format_text(enum log_level level, uint64_t event_id, const char *plugin,
			const char *format, va_list args)
{
	char *text = NULL;
	int n;

	if (level > the_log.level)
		return;
	n = vasprintf(&text, format, args);
	if (n < 0)
		return;
	log_text(level, event_id, plugin, text, (size_t)n);
	free(text);
}

void log_event(enum log_level level, uint64_t event_id, const char *plugin, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(level, event_id, plugin, format, args);
	va_end(args);
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	format_text(level, 0, NULL, format, args);
	va_end(args);
}

/* ---- lines that peers cause ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void begin_second(struct log_limit *limit, double time)
{
	uint64_t dropped = limit->dropped;

	*limit = (struct log_limit){.since = time};
	if (dropped > 0)
		log_line(LOG_LEVEL_WARN, "%llu more lines like the next one were left out",
			 (unsigned long long)dropped);
}

bool log_is_due(struct log_limit *limit)
{
	double time = now();

	if (time - limit->since >= 1 || time < limit->since)
		begin_second(limit, time);
	if (limit->said < BURST) {
		limit->said++;
		return true;
	}
	limit->dropped++;
	return false;
}

/* ---- in a signal's handler ---- */

static void write_raw(const char *text)
{
	ssize_t n = write(the_log.fd, text, strlen(text));

	(void)n;
}

void log_urgent(const char *plugin, const char *text)
{
	bool is_json = the_log.format == LOG_JSON;

	write_raw(is_json ? "{\"level\":\"alert\",\"plugin\":\"" : "[alert] [");
	write_raw(plugin);
	write_raw(is_json ? "\",\"message\":\"" : "] ");
	write_raw(text);
	write_raw(is_json ? "\"}\n" : "\n");
}
