#include <endian.h>
#include <stdint.h>
#include <string.h>
#include "protocol/mp.h"

#define CALL_DEPTH 3 /* the message, its parameters, the only one's fields */

/* What is left of the input. */
struct cursor {
	const unsigned char *at;
	size_t left;
};

/* The next n bytes, or NULL. Nothing else moves a cursor forward. */
static inline const unsigned char *take(struct cursor *c, size_t n)
{
	const unsigned char *bytes = c->at;

	if (n > c->left)
		return NULL;
	c->at += n;
	c->left -= n;
	return bytes;
}

/* These bytes, if they come next. */
static inline bool take_these(struct cursor *c, const char *these, size_t n)
{
	const struct cursor before = *c;
	const unsigned char *bytes = take(c, n);

	if (bytes != NULL && memcmp(bytes, these, n) == 0)
		return true;
	*c = before;
	return false;
}

#define TAKE(c, literal) take_these(c, literal, sizeof(literal) - 1)

/* An unsigned number of 1 << order bytes. */
static inline bool take_big_endian(struct cursor *c, unsigned order, uint64_t *ret)
{
	const unsigned char *bytes = take(c, (size_t)1 << order);
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	if (bytes == NULL)
		return false;
	switch (order) {
	case 0:
		*ret = bytes[0];
		return true;
	case 1:
		memcpy(&u16, bytes, sizeof(u16));
		*ret = be16toh(u16);
		return true;
	case 2:
		memcpy(&u32, bytes, sizeof(u32));
		*ret = be32toh(u32);
		return true;
	default:
		memcpy(&u64, bytes, sizeof(u64));
		*ret = be64toh(u64);
		return true;
	}
}

/* The number that `head` begins, from 0 on. */
static inline bool take_rest_of_uint(struct cursor *c, unsigned char head, uint64_t *ret)
{
	*ret = head;
	return head < 0x80 ||
	       (head >= 0xcc && head <= 0xcf && take_big_endian(c, head - 0xccU, ret));
}

static inline bool take_uint(struct cursor *c, uint64_t *ret)
{
	const unsigned char *head = take(c, 1);

	return head != NULL && take_rest_of_uint(c, *head, ret);
}

/* Of an event or an instance. */
static inline bool take_id(struct cursor *c, uint64_t *ret)
{
	return take_uint(c, ret) && *ret <= INT64_MAX;
}

static inline bool take_bytes(struct cursor *c, enum value_type type, uint64_t n, struct value *ret)
{
	const unsigned char *bytes = take(c, n);

	*ret = (struct value){.type = type, .len = (uint32_t)n, .s = (const char *)bytes};
	return bytes != NULL;
}

static inline bool is_short_text(unsigned char head)
{
	return (head & 0xe0) == 0xa0;
}

/* A str of up to 31 bytes, as names are. */
static inline bool take_short_text(struct cursor *c, struct value *ret)
{
	const unsigned char *head = take(c, 1);

	return head != NULL && is_short_text(*head) && take_bytes(c, VALUE_STR, *head & 0x1fU, ret);
}

static bool take_long_text(struct cursor *c, enum value_type type, unsigned order,
			   struct value *ret)
{
	uint64_t n;

	return take_big_endian(c, order, &n) && take_bytes(c, type, n, ret);
}

static bool take_double(struct cursor *c, struct value *ret)
{
	ret->type = VALUE_DOUBLE;
	ret->len = 0;
	return take_big_endian(c, 3, &ret->u);
}

static bool take_rest_of_number(struct cursor *c, unsigned char head, struct value *ret)
{
	uint64_t number;

	if (!take_rest_of_uint(c, head, &number))
		return false;
	*ret = value_uint(number);
	return true;
}

/* Any value but tables, negative integers and what Lua does not send. */
static bool take_data(struct cursor *c, struct value *ret)
{
	const unsigned char *head = take(c, 1);

	if (head == NULL)
		return false;
	if (is_short_text(*head))
		return take_bytes(c, VALUE_STR, *head & 0x1fU, ret);
	switch (*head) {
	case 0xc0:
		*ret = value_nil();
		return true;
	case 0xc2:
	case 0xc3:
		*ret = value_bool(*head == 0xc3);
		return true;
	case 0xc4:
	case 0xc5:
	case 0xc6:
		return take_long_text(c, VALUE_BIN, *head - 0xc4U, ret);
	case 0xcb:
		return take_double(c, ret);
	case 0xd9:
	case 0xda:
	case 0xdb:
		return take_long_text(c, VALUE_STR, *head - 0xd9U, ret);
	default:
		return take_rest_of_number(c, *head, ret);
	}
}

#define DATA   \
	"\xa4" \
	"Data"
#define EVENT_ID \
	"\xa7"   \
	"EventId"
#define EVENT_NAME \
	"\xa9"     \
	"EventName"
#define INSTANCE_ID \
	"\xaa"      \
	"InstanceId"

static bool take_event(struct cursor *c, struct msg *msg)
{
	uint64_t id;
	bool known;

	msg->type = MSG_HANDLE_EVENT;
	if (TAKE(c, "\x82" EVENT_NAME))
		known = take_short_text(c, &msg->name) && TAKE(c, INSTANCE_ID) && take_id(c, &id);
	else
		known = TAKE(c, "\x82" INSTANCE_ID) && take_id(c, &id) && TAKE(c, EVENT_NAME) &&
			take_short_text(c, &msg->name);
	if (known)
		msg->instance_id = (int64_t)id;
	return known;
}

static bool take_step(struct cursor *c, struct msg *msg)
{
	msg->type = MSG_STEP;
	if (TAKE(c, "\x82" EVENT_ID))
		return take_id(c, &msg->event_id) && TAKE(c, DATA) && take_data(c, &msg->data);
	if (TAKE(c, "\x82" DATA))
		return take_data(c, &msg->data) && TAKE(c, EVENT_ID) && take_id(c, &msg->event_id);
	return TAKE(c, "\x81" EVENT_ID) && take_id(c, &msg->event_id);
}

static inline bool begins(const struct value *text, const char *with, size_t n)
{
	return text->len >= n && memcmp(text->s, with, n) == 0;
}

#define BEGINS(text, literal) begins(text, literal, sizeof(literal) - 1)
#define IS(text, literal) ((text)->len == sizeof(literal) - 1 && BEGINS(text, literal))

static bool take_call(struct cursor *c, struct msg *msg)
{
	if (!TAKE(c, "\x94\x00") || !take_uint(c, &msg->id) || !take_short_text(c, &msg->method) ||
	    !TAKE(c, "\x91"))
		return false;
	if (BEGINS(&msg->method, "plugin.Step"))
		return !BEGINS(&msg->method, "plugin.StepError") && take_step(c, msg);
	return IS(&msg->method, "plugin.HandleEvent") && take_event(c, msg);
}

size_t mp_quick(const struct limits *limits, const unsigned char *bytes, size_t n, struct msg *ret)
{
	struct cursor c = {.at = bytes, .left = n};
	struct msg msg = {0};

	if (c.left > limits->message_size)
		c.left = limits->message_size;
	if (limits->message_depth < CALL_DEPTH || !take_call(&c, &msg))
		return 0;
	*ret = msg;
	return (size_t)(c.at - bytes);
}
