#include "plugins/remote/remote_envelope.h"
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/mp.h"
#include "protocol/value.h"

#define HEAD 3 /* version, type, id */
#define BODY_MAX 3

static const struct {
	const char *name;
	const char *body;
} types[] = {
#define REMOTE(name, number, body) [number] = {#name, body},
#include "plugins/remote/remote_types.def"
};

#define TYPES (sizeof(types) / sizeof(types[0]))

static bool is_number(const struct value *v)
{
	return v->type == VALUE_INT && v->i >= 0;
}

static bool fits(char letter, const struct value *v)
{
	switch (letter) {
	case 's':
		return value_is_text(v);
	case 't':
		return value_is_text(v) || v->type == VALUE_NIL;
	case 'i':
		return is_number(v);
	case 'b':
		return v->type == VALUE_BOOL;
	case 'a':
		return v->type == VALUE_ARRAY;
	case 'm':
		return v->type == VALUE_MAP;
	default:
		return true;
	}
}

static int check_head(const struct value *whole, struct err *err)
{
	if (whole->type != VALUE_ARRAY || whole->len == 0 || !is_number(&whole->items[0]))
		return err_set(err, E_MALFORMED, "a message is no envelope");
	if (whole->items[0].i != REMOTE_VERSION)
		return err_set(err, E_UNSUPPORTED,
			       "an envelope has version %lld, and this Outrigger speaks version %d",
			       (long long)whole->items[0].i, REMOTE_VERSION);
	if (whole->len < HEAD || !is_number(&whole->items[1]) || !is_number(&whole->items[2]))
		return err_set(err, E_MALFORMED, "an envelope has no type and id");
	if (whole->items[1].i == 0 || whole->items[1].i >= (int64_t)TYPES)
		return err_set(err, E_MALFORMED, "there is no type %lld of envelopes",
			       (long long)whole->items[1].i);
	return 0;
}

static int check_body(const struct value *whole, struct err *err)
{
	size_t type = (size_t)whole->items[1].i;
	const char *body = types[type].body;

	for (uint32_t i = 0; body[i] != '\0'; i++)
		if (HEAD + i >= whole->len || !fits(body[i], &whole->items[HEAD + i]))
			return err_set(err, E_MALFORMED, "item %u of %s is missing or wrong",
				       HEAD + i, types[type].name);
	return 0;
}

int remote_envelope_read(const unsigned char *bytes, size_t n, struct arena *arena,
			 struct remote_envelope *ret, size_t *ret_size, struct err *err)
{
	struct value whole;
	int rc = mp_read_first(bytes, n, arena, &whole, ret_size, err);

	if (rc == 0)
		rc = check_head(&whole, err);
	if (rc == 0)
		rc = check_body(&whole, err);
	if (rc != 0)
		return rc;
	*ret = (struct remote_envelope){
		.type = (enum remote_type)whole.items[1].i,
		.id = (uint64_t)whole.items[2].i,
		.body = whole.items + HEAD,
		.more = whole.len - HEAD - (uint32_t)strlen(types[whole.items[1].i].body),
	};
	return 0;
}

int remote_envelope_write(struct buf *out, const struct remote_envelope *envelope)
{
	size_t n = strlen(types[envelope->type].body);
	struct value items[HEAD + BODY_MAX] = {
		value_int(REMOTE_VERSION),
		value_int((int64_t)envelope->type),
		value_uint(envelope->id),
	};
	const struct value whole = {
		.type = VALUE_ARRAY, .len = (uint32_t)(HEAD + n), .items = items};

	for (size_t i = 0; i < n; i++)
		items[HEAD + i] = envelope->body[i];
	return mp_write_value(out, &whole);
}
