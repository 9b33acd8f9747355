#include <msgpack/pack_define.h>
#include <msgpack/timestamp.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/mp.h"

/* msgpack-c's packer, which appends to a struct buf without a call through a pointer. */
#define msgpack_pack_inline_func(name) static inline int mp_pack##name
#define msgpack_pack_inline_func_cint(name) static inline int mp_pack##name
#define msgpack_pack_user struct buf *
#define msgpack_pack_append_buffer(out, bytes, n) return buf_append((out), (bytes), (n))
#include <msgpack/pack_template.h>

static int write_value(struct buf *out, const struct value *v, unsigned depth);

static int write_array(struct buf *out, const struct value *v, unsigned depth)
{
	int rc = mp_pack_array(out, v->len);

	for (uint32_t i = 0; rc == 0 && i < v->len; i++)
		rc = write_value(out, &v->items[i], depth);
	return rc;
}

static int write_map(struct buf *out, const struct value *v, unsigned depth)
{
	int rc = mp_pack_map(out, v->len);

	for (uint32_t i = 0; rc == 0 && i < v->len; i++) {
		rc = write_value(out, &v->pairs[i].key, depth);
		if (rc == 0)
			rc = write_value(out, &v->pairs[i].value, depth);
	}
	return rc;
}

static int write_table(struct buf *out, const struct value *v, unsigned depth)
{
	if (depth >= LIMIT_MESSAGE_DEPTH_MAX)
		return -E_TOO_DEEP;
	return v->type == VALUE_ARRAY ? write_array(out, v, depth + 1)
				      : write_map(out, v, depth + 1);
}

static int write_str(struct buf *out, const struct value *v)
{
	int rc = mp_pack_str(out, v->len);

	return rc == 0 && v->len != 0 ? mp_pack_str_body(out, v->s, v->len) : rc;
}

static int write_bin(struct buf *out, const struct value *v)
{
	int rc = mp_pack_bin(out, v->len);

	return rc == 0 && v->len != 0 ? mp_pack_bin_body(out, v->s, v->len) : rc;
}

static int write_value(struct buf *out, const struct value *v, unsigned depth)
{
	switch (v->type) {
	case VALUE_BOOL:
		return v->b ? mp_pack_true(out) : mp_pack_false(out);
	case VALUE_INT:
		return mp_pack_int64(out, v->i);
	case VALUE_UINT:
		return mp_pack_uint64(out, v->u);
	case VALUE_DOUBLE:
		return mp_pack_double(out, v->d);
	case VALUE_STR:
		return write_str(out, v);
	case VALUE_BIN:
		return write_bin(out, v);
	case VALUE_ARRAY:
	case VALUE_MAP:
		return write_table(out, v, depth);
	case VALUE_NIL:
	default:
		return mp_pack_nil(out);
	}
}

int mp_write_nested(struct buf *out, const struct value *v, unsigned depth)
{
	size_t before = buf_len(out);
	int rc = write_value(out, v, depth);

	if (rc != 0)
		buf_truncate(out, before);
	return rc;
}

int mp_write_value(struct buf *out, const struct value *v)
{
	return mp_write_nested(out, v, 0);
}
