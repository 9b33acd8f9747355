#include "protocol/err.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[E_COUNT] = {
	[E_OK] = "no error",
#define E(name, text) [E_##name] = text,
#include "protocol/errors.def"
#undef E
};

const char *err_text(int code)
{
	unsigned index = code < 0 ? 0U - (unsigned)code : (unsigned)code;

	return index < E_COUNT ? texts[index] : "unknown error";
}

const char *err_message(const struct err *err, int rc)
{
	return err != NULL && err->text[0] != '\0' ? err->text : err_text(rc);
}

void err_write(struct err *err, const char *format, ...)
{
	struct err made; /* an argument may be err's old text */
	va_list args;

	if (err == NULL)
		return;
	va_start(args, format);
	vsnprintf(made.text, sizeof(made.text), format, args);
	va_end(args);
	memcpy(err->text, made.text, strlen(made.text) + 1);
}

int err_prefix(struct err *err, int rc, const char *format, ...)
{
	struct err prefix, old;
	va_list args;

	if (err == NULL)
		return rc;
	va_start(args, format);
	vsnprintf(prefix.text, sizeof(prefix.text), format, args);
	va_end(args);
	snprintf(old.text, sizeof(old.text), "%s", err_message(err, rc));
	if (snprintf(err->text, sizeof(err->text), "%s: %s", prefix.text, old.text) < 0)
		err->text[0] = '\0';
	return rc;
}
