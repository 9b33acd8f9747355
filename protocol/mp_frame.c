#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "protocol/err.h"
#include "protocol/mp.h"

/* One more than we allow, so that the callbacks see what is too deep before the template does. */
#define MSGPACK_EMBED_STACK_SIZE (LIMIT_MESSAGE_DEPTH_MAX + 1)
#include <msgpack/unpack.h>
#include <msgpack/unpack_define.h>

#define FAILED (-100) /* from a callback; the code is in scan_user.rc */

/* What the callbacks know. `least` is a lower bound of the message's size: an item takes a byte at
 * least, so counts and lengths that can't fit are seen when they are declared. */
struct scan_user {
	size_t least;
	size_t size_max;
	unsigned depth_max;
	int rc;
};

#define msgpack_unpack_struct(name) struct mp_scan##name
#define msgpack_unpack_func(ret, name) static inline ret mp_scan##name
#define msgpack_unpack_callback(name) scan##name
#define msgpack_unpack_object unsigned char /* nothing is built */
#define msgpack_unpack_user struct scan_user

static unsigned char scan_root(struct scan_user *user)
{
	(void)user;
	return 0;
}

static int add(struct scan_user *user, size_t n)
{
	if (user->least >= user->size_max || n >= user->size_max - user->least) {
		user->rc = -E_TOO_LARGE;
		return FAILED;
	}
	user->least += n;
	return 0;
}

#define SCAN_NUMBER(name, type)                                                         \
	static int scan_##name(struct scan_user *user, type number, unsigned char *ret) \
	{                                                                               \
		(void)user;                                                             \
		(void)number;                                                           \
		*ret = 0;                                                               \
		return 0;                                                               \
	}
SCAN_NUMBER(uint8, uint8_t)
SCAN_NUMBER(uint16, uint16_t)
SCAN_NUMBER(uint32, uint32_t)
SCAN_NUMBER(uint64, uint64_t)
SCAN_NUMBER(int8, int8_t)
SCAN_NUMBER(int16, int16_t)
SCAN_NUMBER(int32, int32_t)
SCAN_NUMBER(int64, int64_t)
SCAN_NUMBER(float, float)
SCAN_NUMBER(double, double)

static int scan_nil(struct scan_user *user, unsigned char *ret)
{
	(void)user;
	*ret = 0;
	return 0;
}

static int scan_true(struct scan_user *user, unsigned char *ret)
{
	return scan_nil(user, ret);
}

static int scan_false(struct scan_user *user, unsigned char *ret)
{
	return scan_nil(user, ret);
}

static int scan_array(struct scan_user *user, size_t n, unsigned char *ret);

static int scan_map(struct scan_user *user, size_t n, unsigned char *ret)
{
	int rc = scan_array(user, n, ret);

	return rc == 0 ? add(user, n) : rc;
}

static int scan_array_item(struct scan_user *user, unsigned char *array, unsigned char item)
{
	(void)user;
	(void)array;
	(void)item;
	return 0;
}

static int scan_map_item(struct scan_user *user, unsigned char *map, unsigned char key,
			 unsigned char item)
{
	(void)user;
	(void)map;
	(void)key;
	(void)item;
	return 0;
}

static int scan_str(struct scan_user *user, const char *base, const char *s, size_t n,
		    unsigned char *ret)
{
	(void)base;
	(void)s;
	*ret = 0;
	return add(user, n);
}

static int scan_bin(struct scan_user *user, const char *base, const char *s, size_t n,
		    unsigned char *ret)
{
	return scan_str(user, base, s, n, ret);
}

/* n counts the type byte too. Of a length of 2^32-1 the template makes n = 0. */
static int scan_ext(struct scan_user *user, const char *base, const char *s, size_t n,
		    unsigned char *ret)
{
	if (n != 0)
		return scan_str(user, base, s, n, ret);
	user->rc = -E_TOO_LARGE;
	return FAILED;
}

#include <msgpack/unpack_template.h>

struct mp_scan {
	struct mp_scan_context context;
	size_t offset; /* bytes of the message that were looked at, or skipped */
};

_Static_assert(sizeof(struct mp_scan) <= MP_SCAN_SIZE, "MP_SCAN_SIZE is too small");

/* `user` begins the context, and `ret` is the first member of the stack's entry that is being filled:
 * its index is the depth around the new container. */
static int scan_array(struct scan_user *user, size_t n, unsigned char *ret)
{
	const struct mp_scan_context *context = (const void *)user;
	size_t outer = (size_t)(ret - (unsigned char *)context->stack) / sizeof(context->stack[0]);

	if (outer >= user->depth_max) {
		user->rc = -E_TOO_DEEP;
		return FAILED;
	}
	*ret = 0;
	return add(user, n);
}

static int fail(int rc, const struct limits *limits, struct err *err)
{
	switch (rc) {
	case -E_TOO_LARGE:
		return err_set(err, E_TOO_LARGE, "message larger than %zu bytes (max_message_size)",
			       limits->message_size);
	case -E_TOO_DEEP:
		return err_set(err, E_TOO_DEEP,
			       "message with more than %u arrays or maps in one another "
			       "(max_message_depth)",
			       limits->message_depth);
	default:
		return err_set(err, E_MALFORMED, "malformed MessagePack: 0xc1 begins no value");
	}
}

/* Whether what is known to follow goes beyond the limit, the pending text above all. */
static bool outgrows(const struct mp_scan *scan, size_t size_max)
{
	const struct mp_scan_context *context = &scan->context;
	size_t pending = context->cs == MSGPACK_CS_HEADER ? 1 : context->trail;

	return scan->offset > size_max || pending > size_max - scan->offset;
}

static void reset(struct mp_scan *scan)
{
	mp_scan_init(&scan->context);
	scan->context.user = (struct scan_user){0};
	scan->offset = 0;
}

static void take_limits(struct scan_user *user, const struct limits *limits)
{
	user->size_max = limits->message_size;
	user->depth_max = limits->message_depth < LIMIT_MESSAGE_DEPTH_MAX ? limits->message_depth
									  : LIMIT_MESSAGE_DEPTH_MAX;
}

int mp_frame(void *scan, const struct limits *limits, const unsigned char *bytes, size_t n,
	     size_t *ret_size, struct err *err)
{
	struct mp_scan *state = scan;
	struct scan_user *user = &state->context.user;
	size_t end = n < limits->message_size ? n : limits->message_size;
	int rc;

	take_limits(user, limits);
	if (end <= state->offset)
		return n > end ? fail(-E_TOO_LARGE, limits, err) : 0;
	rc = mp_scan_execute(&state->context, (const char *)bytes, end, &state->offset);
	if (rc < 0)
		return fail(rc == FAILED ? user->rc : -E_MALFORMED, limits, err);
	if (rc == 0)
		return outgrows(state, limits->message_size) ? fail(-E_TOO_LARGE, limits, err) : 0;
	*ret_size = state->offset;
	reset(state);
	return 1;
}
