#include <stdbool.h>
#include <stdint.h>
#include "protocol/arena.h"
#include "protocol/err.h"
#include "protocol/mp.h"

/* One more than we allow, so that the callbacks see what is too deep before the template does. */
#define MSGPACK_EMBED_STACK_SIZE (LIMIT_MESSAGE_DEPTH_MAX + 1)
#include <msgpack/unpack.h>
#include <msgpack/unpack_define.h>

#define FAILED (-100) /* from a callback; the code is in read_user.rc */

struct read_user {
	struct arena *arena;
	size_t spare; /* bytes of the message that no declared item needs yet */
	int rc;
};

#define msgpack_unpack_struct(name) struct mp_read##name
#define msgpack_unpack_func(ret, name) static inline ret mp_read##name
#define msgpack_unpack_callback(name) read##name
#define msgpack_unpack_object struct value
#define msgpack_unpack_user struct read_user

static struct value read_root(struct read_user *user)
{
	(void)user;
	return value_nil();
}

static int read_nil(struct read_user *user, struct value *ret)
{
	(void)user;
	*ret = value_nil();
	return 0;
}

static int read_true(struct read_user *user, struct value *ret)
{
	(void)user;
	*ret = value_bool(true);
	return 0;
}

static int read_false(struct read_user *user, struct value *ret)
{
	(void)user;
	*ret = value_bool(false);
	return 0;
}

#define READ_NUMBER(name, type, made)                                                  \
	static int read_##name(struct read_user *user, type number, struct value *ret) \
	{                                                                              \
		(void)user;                                                            \
		*ret = made(number);                                                   \
		return 0;                                                              \
	}
READ_NUMBER(uint8, uint8_t, value_int)
READ_NUMBER(uint16, uint16_t, value_int)
READ_NUMBER(uint32, uint32_t, value_int)
READ_NUMBER(uint64, uint64_t, value_uint)
READ_NUMBER(int8, int8_t, value_int)
READ_NUMBER(int16, int16_t, value_int)
READ_NUMBER(int32, int32_t, value_int)
READ_NUMBER(int64, int64_t, value_int)
READ_NUMBER(float, float, value_double)
READ_NUMBER(double, double, value_double)

static int fail(struct read_user *user, int rc)
{
	user->rc = rc;
	return FAILED;
}

/* Each item needs a byte of the message, so no count can make us take more memory than a fixed
 * multiple of the message's size. */
static int claim(struct read_user *user, size_t n)
{
	if (n > user->spare)
		return fail(user, -E_MALFORMED);
	user->spare -= n;
	return 0;
}

static int check_depth(struct read_user *user, const struct value *ret);

/* Containers begin with len 0, which then counts the items that are there. */
static int read_array(struct read_user *user, size_t n, struct value *ret)
{
	if (check_depth(user, ret) != 0 || claim(user, n) != 0)
		return FAILED;
	if (value_new_array(user->arena, n, ret) != 0)
		return fail(user, -E_NOMEM);
	ret->len = 0;
	return 0;
}

static int read_array_item(struct read_user *user, struct value *array, struct value item)
{
	(void)user;
	array->items[array->len++] = item;
	return 0;
}

static int read_map(struct read_user *user, size_t n, struct value *ret)
{
	if (check_depth(user, ret) != 0 || claim(user, n) != 0 || claim(user, n) != 0)
		return FAILED;
	if (value_new_map(user->arena, n, ret) != 0)
		return fail(user, -E_NOMEM);
	ret->len = 0;
	return 0;
}

static int read_map_item(struct read_user *user, struct value *map, struct value key,
			 struct value item)
{
	(void)user;
	map->pairs[map->len++] = (struct value_pair){key, item};
	return 0;
}

/* An empty text may come with any pointer, NULL included. */
static int read_str(struct read_user *user, const char *base, const char *s, size_t n,
		    struct value *ret)
{
	(void)base;
	*ret = value_strn(n != 0 ? s : "", n);
	return claim(user, n);
}

static int read_bin(struct read_user *user, const char *base, const char *s, size_t n,
		    struct value *ret)
{
	int rc = read_str(user, base, s, n, ret);

	ret->type = VALUE_BIN;
	return rc;
}

/* n counts the type byte too. Of a length of 2^32-1 the template makes n = 0. */
static int read_ext(struct read_user *user, const char *base, const char *s, size_t n,
		    struct value *ret)
{
	(void)base;
	(void)s;
	*ret = value_nil();
	return n == 0 ? fail(user, -E_MALFORMED) : claim(user, n);
}

#include <msgpack/unpack_template.h>

/* `user` begins the context, and `ret` is the first member of the stack's entry that is being filled. */
static int check_depth(struct read_user *user, const struct value *ret)
{
	const struct mp_read_context *context = (const void *)user;
	const struct mp_read_stack *entry = (const void *)ret;

	return entry - context->stack >= LIMIT_MESSAGE_DEPTH_MAX ? fail(user, -E_TOO_DEEP) : 0;
}

static int explain(int rc, struct err *err)
{
	switch (rc) {
	case -E_TOO_DEEP:
		return err_set(err, E_TOO_DEEP,
			       "message with more than %d arrays or maps in one another",
			       LIMIT_MESSAGE_DEPTH_MAX);
	case -E_NOMEM:
		return err_set(err, E_NOMEM, "no memory for the values of a message");
	case -E_MALFORMED:
		return err_set(err, E_MALFORMED,
			       "malformed MessagePack: it announces more than there is");
	default:
		return err_set(err, E_MALFORMED, "malformed MessagePack: 0xc1 begins no value");
	}
}

int mp_read_first(const unsigned char *bytes, size_t n, struct arena *arena, struct value *ret,
		  size_t *ret_size, struct err *err)
{
	struct mp_read_context context;
	int rc;

	if (n == 0)
		return err_set(err, E_MALFORMED, "malformed MessagePack: no bytes");
	mp_read_init(&context);
	context.user = (struct read_user){.arena = arena, .spare = n - 1};
	*ret_size = 0;
	rc = mp_read_execute(&context, (const char *)bytes, n, ret_size);
	if (rc < 0)
		return explain(context.user.rc, err);
	if (rc == 0)
		return err_set(err, E_MALFORMED, "malformed MessagePack: cut short");
	*ret = mp_read_data(&context);
	return 0;
}

int mp_read_value(const unsigned char *bytes, size_t n, struct arena *arena, struct value *ret,
		  struct err *err)
{
	struct value first;
	size_t size;
	int rc = mp_read_first(bytes, n, arena, &first, &size, err);

	if (rc != 0)
		return rc;
	if (size != n)
		return err_set(err, E_MALFORMED, "malformed MessagePack: %zu bytes left over",
			       n - size);
	*ret = first;
	return 0;
}
