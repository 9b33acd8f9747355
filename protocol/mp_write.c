#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/mp.h"
#include "protocol/mp_pen.h"

static int write_value(struct buf *out, const struct value *v, unsigned depth);

static int write_items(struct buf *out, const struct value *v, unsigned depth)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < v->len; i++)
		rc = write_value(out, &v->items[i], depth);
	return rc;
}

static int write_pairs(struct buf *out, const struct value *v, unsigned depth)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < v->len; i++) {
		rc = write_value(out, &v->pairs[i].key, depth);
		if (rc == 0)
			rc = write_value(out, &v->pairs[i].value, depth);
	}
	return rc;
}

/* What announces a text's bytes or a table's items; all of any other value. */
static void pack_head(unsigned char **pen, const struct value *v)
{
	switch (v->type) {
	case VALUE_BOOL:
		(void)(v->b ? mp_pack_true(pen) : mp_pack_false(pen));
		break;
	case VALUE_INT:
		mp_pack_int64(pen, v->i);
		break;
	case VALUE_UINT:
		mp_pack_uint64(pen, v->u);
		break;
	case VALUE_DOUBLE:
		mp_pack_double(pen, v->d);
		break;
	case VALUE_STR:
		mp_pack_str(pen, v->len);
		break;
	case VALUE_BIN:
		mp_pack_bin(pen, v->len);
		break;
	case VALUE_ARRAY:
		mp_pack_array(pen, v->len);
		break;
	case VALUE_MAP:
		mp_pack_map(pen, v->len);
		break;
	case VALUE_NIL:
	default:
		mp_pack_nil(pen);
	}
}

/* Where there may be room for what it takes and no byte more. */
static int write_tight_head(struct buf *out, const struct value *v)
{
	unsigned char head[MP_HEAD_ROOM], *pen = head;

	pack_head(&pen, v);
	return buf_append(out, head, (size_t)(pen - head));
}

static int write_head(struct buf *out, const struct value *v)
{
	unsigned char *pen;

	if (buf_reserve(out, MP_HEAD_ROOM) != 0)
		return write_tight_head(out, v);
	pen = buf_tail(out);
	pack_head(&pen, v);
	buf_commit_to(out, pen);
	return 0;
}

static int write_value(struct buf *out, const struct value *v, unsigned depth)
{
	int rc;

	if (value_is_table(v) && depth >= LIMIT_MESSAGE_DEPTH_MAX)
		return -E_TOO_DEEP;
	rc = write_head(out, v);
	if (rc != 0)
		return rc;
	if (value_is_text(v))
		return buf_append(out, v->s, v->len);
	if (v->type == VALUE_ARRAY)
		return write_items(out, v, depth + 1);
	return v->type == VALUE_MAP ? write_pairs(out, v, depth + 1) : 0;
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
