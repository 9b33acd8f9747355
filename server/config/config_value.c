#include "server/config/config_value.h"
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "protocol/err.h"
#include "server/config/suggest.h"

#define LARGEST 9e15 /* up to here a double has all whole numbers */

/* A unit behind a number. */
struct unit {
	const char *name;
	double factor;
};

/* Reads a number that is neither negative, infinite, hexadecimal nor empty. */
static bool parse_number(const char *text, double *ret, const char **ret_rest)
{
	char *end;
	size_t n = strspn(text, "0123456789.");

	if (n == 0 || (n == 1 && text[0] == '.'))
		return false;
	*ret = strtod(text, &end);
	*ret_rest = end;
	return end == text + n;
}

static bool parse_with_unit(const char *text, const struct unit *units, double *ret)
{
	const char *rest;
	double number;

	if (!parse_number(text, &number, &rest))
		return false;
	while (*rest == ' ')
		rest++;
	for (; units->name != NULL; units++) {
		if (strcasecmp(rest, units->name) == 0) {
			*ret = number * units->factor;
			return isfinite(*ret);
		}
	}
	return false;
}

int value_parse_duration(const char *text, double *ret, struct err *err)
{
	static const struct unit units[] = {{"", 1}, {"ms", 0.001}, {"s", 1}, {"m", 60}, {NULL, 0}};

	if (!parse_with_unit(text, units, ret))
		return err_set(err, E_CONF,
			       "\"%s\" is no time: write 250ms, 10s, 2m, or a number of seconds",
			       text);
	return 0;
}

static int too_large(const char *text, struct err *err)
{
	return err_set(err, E_CONF, "\"%s\" is too large", text);
}

int value_parse_size(const char *text, size_t *ret, struct err *err)
{
	static const struct unit units[] = {
		{"", 1}, {"k", 1024}, {"m", 1048576}, {"g", 1073741824}, {NULL, 0}};
	double size;

	if (!parse_with_unit(text, units, &size) || size != floor(size))
		return err_set(err, E_CONF,
			       "\"%s\" is no size: write 64k, 16m, 1g, or a number of bytes", text);
	if (size > LARGEST)
		return too_large(text, err);
	*ret = (size_t)size;
	return 0;
}

int value_parse_count(const char *text, size_t *ret, struct err *err)
{
	const char *rest;
	double number;

	if (!parse_number(text, &number, &rest) || *rest != '\0' || number != floor(number))
		return err_set(err, E_CONF, "\"%s\" is no whole number", text);
	if (number > LARGEST)
		return too_large(text, err);
	*ret = (size_t)number;
	return 0;
}

int value_parse_mode(const char *text, unsigned *ret, struct err *err)
{
	size_t n = strspn(text, "01234567");

	if (n == 0 || n > 5 || text[n] != '\0')
		return err_set(err, E_CONF,
			       "\"%s\" is no file mode: write it in octal, such as 0660", text);
	*ret = (unsigned)strtoul(text, NULL, 8);
	return 0;
}

int value_parse_bool(const char *text, bool *ret, struct err *err)
{
	static const struct choice choices[] = {
		{"on", 1}, {"off", 0}, {"true", 1}, {"false", 0}, {NULL, 0}};
	int value = 0;
	int rc = value_parse_choice(text, choices, &value, err);

	if (rc == 0)
		*ret = value != 0;
	return rc;
}

int value_parse_version(const char *text, unsigned *ret, struct err *err)
{
	char *end;
	unsigned long major, minor;

	if (!isdigit((unsigned char)text[0]))
		goto bad;
	major = strtoul(text, &end, 10);
	if (*end != '.' || !isdigit((unsigned char)end[1]))
		goto bad;
	minor = strtoul(end + 1, &end, 10);
	if (major > 9 || minor > 99 || end[strspn(end, "0123456789.")] != '\0')
		goto bad;
	if (major * 100 + minor < 208)
		return err_set(err, E_CONF,
			       "\"%s\" has no plugin servers of this kind: 2.8 or later", text);
	*ret = (unsigned)(major * 100 + minor);
	return 0;
bad:
	return err_set(err, E_CONF, "\"%s\" is no version: write it as 3.9", text);
}

static int say_choices(const char *text, const struct choice *choices, const char *near,
		       struct err *err)
{
	char list[256] = "";
	size_t n = 0;

	for (const struct choice *c = choices; c->name != NULL; c++) {
		size_t len = strlen(c->name);

		if (n + len + 3 > sizeof(list))
			break;
		memcpy(list + n, c->name, len);
		n += len;
		memcpy(list + n, ", ", 3);
		n += 2;
	}
	list[n > 2 ? n - 2 : 0] = '\0';
	if (near != NULL)
		return err_set(err, E_CONF, "\"%s\" is not one of %s; did you mean %s?", text, list,
			       near);
	return err_set(err, E_CONF, "\"%s\" is not one of %s", text, list);
}

int value_parse_choice(const char *text, const struct choice *choices, int *ret, struct err *err)
{
	struct suggest suggest;

	suggest_init(&suggest, text);
	for (const struct choice *c = choices; c->name != NULL; c++) {
		if (strcmp(text, c->name) == 0) {
			*ret = c->value;
			return 0;
		}
		suggest_offer(&suggest, c->name);
	}
	return say_choices(text, choices, suggest.best, err);
}

bool value_next_item(const char **list, const char **ret_item, size_t *ret_len)
{
	const char *p = *list;
	size_t n;

	p += strspn(p, ", \t\n");
	if (*p == '\0')
		return false;
	n = strcspn(p, ",");
	*list = p + n;
	while (n > 0 && isspace((unsigned char)p[n - 1]))
		n--;
	*ret_item = p;
	*ret_len = n;
	return true;
}

bool value_list_has(const char *list, const char *item)
{
	const char *word;
	size_t n;

	while (list != NULL && value_next_item(&list, &word, &n)) {
		if (n == strlen(item) && memcmp(word, item, n) == 0)
			return true;
	}
	return false;
}
