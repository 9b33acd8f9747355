/* pdk_pb_value.c - values of any type as google.protobuf's Value, Struct and ListValue.
 *
 * The gateway unwraps a Value by Lua's `or` (kong/runloop/plugin_servers/rpc/pb_rpc.lua): false becomes
 * nil, and a null the name of an enum. A list ends there at its first nil. So false and nil are refused
 * inside of lists, false as an entry of a table too, and nil is an absent entry. */
#include <pluginsocket.pb-c.h>
#include "pdk-bridge/pdk_pb.h"
#include "protocol/arena.h"
#include "protocol/err.h"
#include "protocol/pb.h"

/* One walk through a value. */
struct walk {
	struct arena *arena;
	struct err *err;
	unsigned depth;
};

static int out_of_memory(const struct walk *w)
{
	return err_set(w->err, E_NOMEM, "out of memory for this event");
}

static int go_down(struct walk *w)
{
	if (w->depth >= LIMIT_MESSAGE_DEPTH)
		return err_set(w->err, E_TOO_DEEP,
			       "a value with more than %d tables in one another",
			       LIMIT_MESSAGE_DEPTH);
	w->depth++;
	return 0;
}

/* ---- to messages ---- */

static int write_value(struct walk *w, const struct value *v, Pb__Value *ret);

static int pack(const struct walk *w, const ProtobufCMessage *message, ProtobufCBinaryData *ret)
{
	return pb_pack(w->arena, message, ret) == 0 ? 0 : out_of_memory(w);
}

static int refuse(const struct walk *w, const char *what)
{
	return err_set(w->err, E_UNSUPPORTED, "%s " PDK_PB_HINT, what);
}

/* n values of a list. */
static int write_items(struct walk *w, const struct value *v, Pb__Value *values, Pb__Value **list)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < v->len; i++) {
		pb__value__init(&values[i]);
		list[i] = &values[i];
		if (v->items[i].type == VALUE_NIL)
			rc = refuse(w, "nil inside of a list ends it for the gateway");
		else
			rc = write_value(w, &v->items[i], &values[i]);
	}
	return rc;
}

static int write_list(struct walk *w, const struct value *v, ProtobufCBinaryData *ret)
{
	Pb__Value *values = arena_alloc(w->arena, v->len * sizeof(*values) + 1);
	Pb__Value **list = arena_alloc(w->arena, v->len * sizeof(Pb__Value *) + 1);
	Pb__ListValue message = PB__LIST_VALUE__INIT;
	int rc;

	if (values == NULL || list == NULL)
		return out_of_memory(w);
	rc = write_items(w, v, values, list);
	message.values = list;
	message.n_values = v->len;
	return rc != 0 ? rc : pack(w, &message.base, ret);
}

struct entry_pair {
	Pb__Entry entry;
	Pb__Value value;
};

static int write_entry(struct walk *w, const struct value_pair *pair, struct entry_pair *ret)
{
	pb__entry__init(&ret->entry);
	pb__value__init(&ret->value);
	if (!value_is_text(&pair->key))
		return refuse(w, "a table's keys can only be texts");
	ret->entry.key = (ProtobufCBinaryData){pair->key.len, (uint8_t *)pair->key.s};
	ret->entry.value = &ret->value;
	return write_value(w, &pair->value, &ret->value);
}

static int write_struct(struct walk *w, const struct value *v, ProtobufCBinaryData *ret)
{
	uint32_t n = v->type == VALUE_MAP ? v->len : 0;
	struct entry_pair *pairs = arena_alloc(w->arena, n * sizeof(*pairs) + 1);
	Pb__Entry **fields = arena_alloc(w->arena, n * sizeof(Pb__Entry *) + 1);
	Pb__Struct message = PB__STRUCT__INIT;
	int rc = 0;

	if (pairs == NULL || fields == NULL)
		return out_of_memory(w);
	for (uint32_t i = 0; rc == 0 && i < n; i++) {
		if (v->pairs[i].value.type == VALUE_NIL)
			continue;
		rc = write_entry(w, &v->pairs[i], &pairs[i]);
		fields[message.n_fields++] = &pairs[i].entry;
	}
	message.fields = fields;
	return rc != 0 ? rc : pack(w, &message.base, ret);
}

static int write_table(struct walk *w, const struct value *v, Pb__Value *ret)
{
	bool is_list = v->type == VALUE_ARRAY;
	int rc = go_down(w);

	if (rc == 0 && is_list)
		rc = write_list(w, v, &ret->list_value);
	else if (rc == 0)
		rc = write_struct(w, v, &ret->struct_value);
	ret->kind_case = is_list ? PB__VALUE__KIND_LIST_VALUE : PB__VALUE__KIND_STRUCT_VALUE;
	w->depth--;
	return rc;
}

static int write_value(struct walk *w, const struct value *v, Pb__Value *ret)
{
	if (value_is_table(v))
		return write_table(w, v, ret);
	if (value_is_text(v)) {
		ret->kind_case = PB__VALUE__KIND_STRING_VALUE;
		ret->string_value = (ProtobufCBinaryData){v->len, (uint8_t *)v->s};
	} else if (value_is_number(v)) {
		ret->kind_case = PB__VALUE__KIND_NUMBER_VALUE;
		ret->number_value = value_to_double(v);
	} else if (v->type == VALUE_BOOL && v->b) {
		ret->kind_case = PB__VALUE__KIND_BOOL_VALUE;
		ret->bool_value = 1;
	} else if (v->type == VALUE_BOOL) {
		return refuse(w, "false would arrive as nil");
	}
	return 0;
}

int pdk_pb_write_value(struct arena *arena, const struct value *v, Pb__Value *ret, struct err *err)
{
	struct walk w = {arena, err, 0};

	return write_value(&w, v, ret);
}

int pdk_pb_write_struct(struct arena *arena, const struct value *v, ProtobufCBinaryData *ret,
			struct err *err)
{
	struct walk w = {arena, err, 1};

	return write_struct(&w, v, ret);
}

/* ---- from messages ---- */

static int read_value(struct walk *w, const Pb__Value *v, struct value *ret);

static int malformed(const struct walk *w)
{
	return err_set(w->err, E_MALFORMED, "the gateway's answer is no message of ProtoBuf:1");
}

static int read_list(struct walk *w, const ProtobufCBinaryData *bytes, struct value *ret)
{
	const Pb__ListValue *list = (const Pb__ListValue *)pb_read(
		&pb__list_value__descriptor, w->arena, bytes->data, bytes->len);
	int rc = 0;

	if (list == NULL)
		return malformed(w);
	if (value_new_array(w->arena, list->n_values, ret) != 0)
		return out_of_memory(w);
	for (size_t i = 0; rc == 0 && i < list->n_values; i++)
		rc = read_value(w, list->values[i], &ret->items[i]);
	return rc;
}

static int read_struct(struct walk *w, const ProtobufCBinaryData *bytes, struct value *ret)
{
	const Pb__Struct *fields = (const Pb__Struct *)pb_read(&pb__struct__descriptor, w->arena,
							       bytes->data, bytes->len);
	int rc = 0;

	if (fields == NULL)
		return malformed(w);
	if (value_new_map(w->arena, fields->n_fields, ret) != 0)
		return out_of_memory(w);
	for (size_t i = 0; rc == 0 && i < fields->n_fields; i++) {
		ret->pairs[i].key = pb_text(&fields->fields[i]->key);
		ret->pairs[i].value = value_nil();
		if (fields->fields[i]->value != NULL)
			rc = read_value(w, fields->fields[i]->value, &ret->pairs[i].value);
	}
	return rc;
}

static int read_table(struct walk *w, const Pb__Value *v, struct value *ret)
{
	int rc = go_down(w);

	if (rc != 0)
		return rc;
	if (v->kind_case == PB__VALUE__KIND_LIST_VALUE)
		rc = read_list(w, &v->list_value, ret);
	else
		rc = read_struct(w, &v->struct_value, ret);
	w->depth--;
	return rc;
}

static int read_value(struct walk *w, const Pb__Value *v, struct value *ret)
{
	switch (v->kind_case) {
	case PB__VALUE__KIND_NUMBER_VALUE:
		*ret = value_number(v->number_value);
		return 0;
	case PB__VALUE__KIND_STRING_VALUE:
		*ret = pb_text(&v->string_value);
		return 0;
	case PB__VALUE__KIND_BOOL_VALUE:
		*ret = value_bool(v->bool_value != 0);
		return 0;
	case PB__VALUE__KIND_STRUCT_VALUE:
	case PB__VALUE__KIND_LIST_VALUE:
		return read_table(w, v, ret);
	default:
		*ret = value_nil();
		return 0;
	}
}

int pdk_pb_read_value(struct arena *arena, const Pb__Value *v, struct value *ret, struct err *err)
{
	struct walk w = {arena, err, 0};

	return read_value(&w, v, ret);
}

int pdk_pb_read_struct(struct arena *arena, const ProtobufCBinaryData *bytes, struct value *ret,
		       struct err *err)
{
	struct walk w = {arena, err, 1};

	return read_struct(&w, bytes, ret);
}
