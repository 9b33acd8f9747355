#include <msgpack/pack.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/mp.h"

static int append(void *out, const char *bytes, size_t n)
{
	return buf_append(out, bytes, n) == 0 ? 0 : -1;
}

static int check(int packed)
{
	return packed == 0 ? 0 : -E_NOMEM;
}

static int write_value(msgpack_packer *packer, const struct value *v, unsigned depth);

static int write_array(msgpack_packer *packer, const struct value *v, unsigned depth)
{
	int rc = check(msgpack_pack_array(packer, v->len));

	for (uint32_t i = 0; rc == 0 && i < v->len; i++)
		rc = write_value(packer, &v->items[i], depth);
	return rc;
}

static int write_map(msgpack_packer *packer, const struct value *v, unsigned depth)
{
	int rc = check(msgpack_pack_map(packer, v->len));

	for (uint32_t i = 0; rc == 0 && i < v->len; i++) {
		rc = write_value(packer, &v->pairs[i].key, depth);
		if (rc == 0)
			rc = write_value(packer, &v->pairs[i].value, depth);
	}
	return rc;
}

static int write_table(msgpack_packer *packer, const struct value *v, unsigned depth)
{
	if (depth >= LIMIT_MESSAGE_DEPTH_MAX)
		return -E_TOO_DEEP;
	return v->type == VALUE_ARRAY ? write_array(packer, v, depth + 1)
				      : write_map(packer, v, depth + 1);
}

static int write_str(msgpack_packer *packer, const struct value *v)
{
	int rc = check(msgpack_pack_str(packer, v->len));

	return rc == 0 && v->len != 0 ? check(msgpack_pack_str_body(packer, v->s, v->len)) : rc;
}

static int write_bin(msgpack_packer *packer, const struct value *v)
{
	int rc = check(msgpack_pack_bin(packer, v->len));

	return rc == 0 && v->len != 0 ? check(msgpack_pack_bin_body(packer, v->s, v->len)) : rc;
}

static int write_value(msgpack_packer *packer, const struct value *v, unsigned depth)
{
	switch (v->type) {
	case VALUE_BOOL:
		return check(v->b ? msgpack_pack_true(packer) : msgpack_pack_false(packer));
	case VALUE_INT:
		return check(msgpack_pack_int64(packer, v->i));
	case VALUE_UINT:
		return check(msgpack_pack_uint64(packer, v->u));
	case VALUE_DOUBLE:
		return check(msgpack_pack_double(packer, v->d));
	case VALUE_STR:
		return write_str(packer, v);
	case VALUE_BIN:
		return write_bin(packer, v);
	case VALUE_ARRAY:
	case VALUE_MAP:
		return write_table(packer, v, depth);
	case VALUE_NIL:
	default:
		return check(msgpack_pack_nil(packer));
	}
}

int mp_write_value(struct buf *out, const struct value *v)
{
	size_t before = buf_len(out);
	msgpack_packer packer;
	int rc;

	msgpack_packer_init(&packer, out, append);
	rc = write_value(&packer, v, 0);
	if (rc != 0)
		buf_truncate(out, before);
	return rc;
}
