#include "server/config/config_file.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/file.h"

static char *skip_blanks(char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

static void strip_end(char *s)
{
	size_t n = strlen(s);

	while (n > 0 && isspace((unsigned char)s[n - 1]))
		n--;
	s[n] = '\0';
}

/* Cuts at the first # that has no \ before it, then makes # of each \#. */
static void strip_comment(char *value)
{
	char *to = value;

	for (const char *from = value; *from != '\0'; from++) {
		if (*from == '#')
			break;
		if (*from == '\\' && from[1] == '#')
			from++;
		*to++ = *from;
	}
	*to = '\0';
	strip_end(value);
}

/* Makes a setting's name of the text before '='. */
static void normalise_key(char *key)
{
	strip_end(key);
	for (; *key != '\0'; key++) {
		if (!isalnum((unsigned char)*key))
			*key = '_';
	}
}

static int take_line(char *text, unsigned number, config_line_fn fn, void *user, struct err *err)
{
	struct config_line line = {.value = text, .number = number};
	char *key = skip_blanks(text);
	char *equals = strchr(key, '=');

	if (text[0] != '[' && equals != NULL && equals != key) {
		char *value = skip_blanks(equals + 1);

		*equals = '\0';
		normalise_key(key);
		strip_comment(value);
		line.key = key;
		line.value = value;
	}
	return fn(user, &line, err);
}

static int is_passed_over(const char *line, size_t n)
{
	while (n > 0 && isspace((unsigned char)*line)) {
		line++;
		n--;
	}
	return n == 0 || *line == '#' || *line == ';';
}

/* Whether the line goes on in the next; cuts the mark off. */
static int is_continued(const char *line, size_t *n)
{
	size_t end = *n;

	while (end > 0 && isspace((unsigned char)line[end - 1]))
		end--;
	if (end == 0 || line[end - 1] != '\\')
		return 0;
	*n = end - 1;
	return 1;
}

/* What has been read of the text. */
struct reader {
	struct buf line; /* the parts of a continued line so far */
	unsigned number;
	config_line_fn fn;
	void *user;
};

static int read_line(struct reader *r, const char *line, size_t n, struct err *err)
{
	int rc = 0, more;

	r->number++;
	if (is_passed_over(line, n))
		return 0;
	more = is_continued(line, &n);
	if (buf_append(&r->line, line, n) != 0)
		return -E_NOMEM;
	if (more)
		return 0;
	if (buf_append(&r->line, "", 1) != 0)
		return -E_NOMEM;
	rc = take_line((char *)buf_head(&r->line), r->number, r->fn, r->user, err);
	buf_truncate(&r->line, 0);
	return rc;
}

/* The last line says that it goes on, but nothing follows. The gateway drops it. */
static int end_reader(struct reader *r, struct err *err)
{
	struct config_line line = {.number = r->number};

	if (buf_len(&r->line) == 0)
		return 0;
	if (buf_append(&r->line, "\\", 2) != 0)
		return -E_NOMEM;
	line.value = (char *)buf_head(&r->line);
	return r->fn(r->user, &line, err);
}

int config_file_parse(const char *text, size_t n, config_line_fn fn, void *user, struct err *err)
{
	struct reader reader = {.fn = fn, .user = user};
	const char *end = text + n;
	int rc = 0;

	if (memchr(text, '\0', n) != NULL)
		return err_set(err, E_CONF, "it is no text: it has a zero byte");
	while (rc == 0 && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline != NULL ? newline : end;

		rc = read_line(&reader, text, (size_t)(next - text), err);
		text = next + 1;
	}
	if (rc == 0)
		rc = end_reader(&reader, err);
	buf_fini(&reader.line);
	return rc;
}

int config_file_read(const char *path, config_line_fn fn, void *user, struct err *err)
{
	char *text;
	size_t n;
	int rc = file_read(path, &text, &n, err);

	if (rc != 0)
		return rc;
	if (memchr(text, '\0', n) != NULL)
		rc = err_set(err, E_CONF, "%s is no text: it has a zero byte", path);
	else
		rc = config_file_parse(text, n, fn, user, err);
	free(text);
	return rc;
}
