#include "server/log_json.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "protocol/buf.h"

/* What is no UTF-8, byte by byte. */
static json_t *escaped(const char *text, size_t n)
{
	struct buf out = {0};
	json_t *json;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x80)
			buf_append(&out, &text[i], 1);
		else
			buf_printf(&out, "\\x%02x", c);
	}
	json = json_stringn(buf_len(&out) > 0 ? (const char *)buf_head(&out) : "", buf_len(&out));
	buf_fini(&out);
	return json;
}

static json_t *any_text(const char *text, size_t n)
{
	json_t *json = json_stringn(text, n);

	return json != NULL ? json : escaped(text, n);
}

static json_t *now(void)
{
	char text[40], whole[64];
	struct timespec t;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(whole, sizeof(whole), "%s.%03ldZ", text, t.tv_nsec / 1000000);
	return json_string(whole);
}

static void add_event(json_t *json, const struct log_entry *entry)
{
	const struct log_context *context = &entry->context;

	if (entry->event_id != 0)
		json_object_set_new(json, "event", json_integer((json_int_t)entry->event_id));
	if (entry->plugin != NULL)
		json_object_set_new(json, "plugin", json_string(entry->plugin));
	if (context->phase == NULL)
		return;
	json_object_set_new(json, "phase", json_string(context->phase));
	json_object_set_new(json, "instance", json_integer(context->instance));
	if (context->request != NULL)
		json_object_set_new(json, "request",
				    any_text(context->request, context->request_len));
}

void log_json_append(struct buf *line, const struct log_entry *entry)
{
	json_t *json = json_pack("{s:o, s:s, s:i}", "time", now(), "level", entry->level, "pid",
				 (int)getpid());
	char *text;

	add_event(json, entry);
	json_object_set_new(json, "message", any_text(entry->text, entry->n));
	text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	if (text != NULL)
		buf_append_str(line, text);
	free(text);
	json_decref(json);
}
