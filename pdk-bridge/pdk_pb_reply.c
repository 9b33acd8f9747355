/* pdk_pb_reply.c - the message of a result as the value that the function returns.
 *
 * nil, "" and 0 are one in a message. Of these the one is taken that the function may return: nil, but for
 * rows that say that a text may be empty (EMPTY), and false for booleans. Of entities, an absent text or
 * list is nil and an absent number 0. */
#include <pluginsocket.pb-c.h>
#include <string.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/arena.h"
#include "protocol/err.h"
#include "protocol/pb.h"
#include "protocol/pb_wire.h"

/* A result that is being decoded. */
struct reply {
	struct arena *arena;
	const struct pdk_fn *fn;
	const ProtobufCMessage *message;
	struct err *err;
};

typedef int (*reader)(const struct reply *r, struct value *ret);

static int out_of_memory(const struct reply *r)
{
	return err_set(r->err, E_NOMEM, "%s: out of memory for this event", r->fn->name);
}

/* ---- one value ---- */

static struct value text_or_nil(const struct pdk_fn *fn, struct value text)
{
	if (text.len > 0 || fn->ret == PDK_BYTES || (fn->flags & PDK_EMPTY))
		return text;
	return value_nil();
}

static int read_string(const struct reply *r, struct value *ret)
{
	*ret = text_or_nil(r->fn, pb_text(&((const Pb__String *)r->message)->v));
	return 0;
}

/* A String as gateways write it: its text, borrowed, once, or nothing. */
static bool take_string(const struct value *bytes, struct value *ret)
{
	struct pb_bytes in = pb_bytes_of(bytes);

	*ret = value_strn("", 0);
	if (in.at == in.end)
		return true;
	return *in.at++ == PB_TAG(1, PB_LENGTH) && pb_take_text(&in, ret) && in.at == in.end;
}

static int read_int(const struct reply *r, struct value *ret)
{
	int32_t v = ((const Pb__Int *)r->message)->v;

	*ret = v != 0 ? value_int(v) : value_nil();
	return 0;
}

static int read_number(const struct reply *r, struct value *ret)
{
	double v = ((const Pb__Number *)r->message)->v;

	*ret = v != 0 ? value_number(v) : value_nil();
	return 0;
}

static int read_bool(const struct reply *r, struct value *ret)
{
	*ret = value_bool(((const Pb__Bool *)r->message)->v != 0);
	return 0;
}

static int read_any(const struct reply *r, struct value *ret)
{
	return pdk_pb_read_value(r->arena, (const Pb__Value *)r->message, ret, r->err);
}

static int read_nothing(const struct reply *r, struct value *ret)
{
	(void)r;
	*ret = value_nil();
	return 0;
}

/* What is no body is a table that says why: {body_filepath=} or {error=}. */
static int read_raw_body(const struct reply *r, struct value *ret)
{
	const Pb__RawBodyResult *body = (const Pb__RawBodyResult *)r->message;
	bool is_file = body->kind_case == PB__RAW_BODY_RESULT__KIND_BODY_FILEPATH;

	if (!is_file && body->kind_case != PB__RAW_BODY_RESULT__KIND_ERROR) {
		*ret = body->kind_case == PB__RAW_BODY_RESULT__KIND_CONTENT
			       ? pb_text(&body->content)
			       : value_str("");
		return 0;
	}
	if (value_new_map(r->arena, 1, ret) != 0)
		return out_of_memory(r);
	ret->pairs[0].key = value_str(is_file ? "body_filepath" : "error");
	ret->pairs[0].value = pb_text(is_file ? &body->body_filepath : &body->error);
	return 0;
}

static int read_captures(const struct reply *r, struct value *ret)
{
	const Pb__UriCapturesResult *captures = (const Pb__UriCapturesResult *)r->message;
	struct value *unnamed, *named;

	if (value_new_map(r->arena, 2, ret) != 0)
		return out_of_memory(r);
	ret->pairs[0].key = value_str("unnamed");
	ret->pairs[1].key = value_str("named");
	unnamed = &ret->pairs[0].value;
	named = &ret->pairs[1].value;
	if (value_new_array(r->arena, captures->n_unnamed, unnamed) != 0 ||
	    value_new_map(r->arena, captures->n_named, named) != 0)
		return out_of_memory(r);
	for (size_t i = 0; i < captures->n_unnamed; i++)
		unnamed->items[i] = pb_text(&captures->unnamed[i]);
	for (size_t i = 0; i < captures->n_named; i++)
		named->pairs[i] = (struct value_pair){pb_text(&captures->named[i]->key),
						      pb_text(&captures->named[i]->value)};
	return 0;
}

/* ---- entities: the message's own description says what is in it ---- */

static int read_entity(const struct reply *r, struct value *ret);

static int read_nested(const struct reply *r, const ProtobufCMessage *message, struct value *ret)
{
	struct reply nested = *r;

	nested.message = message;
	return read_entity(&nested, ret);
}

static int read_scalar(const struct reply *r, const ProtobufCFieldDescriptor *field,
		       const void *member, struct value *ret)
{
	const ProtobufCBinaryData *text = member;
	ProtobufCMessage *const *message = member;

	switch (field->type) {
	case PROTOBUF_C_TYPE_BYTES:
		*ret = text->len > 0 ? pb_text(text) : value_nil();
		return 0;
	case PROTOBUF_C_TYPE_INT32:
		*ret = value_int(*(const int32_t *)member);
		return 0;
	case PROTOBUF_C_TYPE_INT64:
		*ret = value_int(*(const int64_t *)member);
		return 0;
	case PROTOBUF_C_TYPE_BOOL:
		*ret = value_bool(*(const protobuf_c_boolean *)member != 0);
		return 0;
	default: /* a message */
		*ret = value_nil();
		return *message != NULL ? read_nested(r, *message, ret) : 0;
	}
}

/* An absent list is nil. */
static int read_repeated(const struct reply *r, const ProtobufCFieldDescriptor *field, size_t n,
			 const char *items, struct value *ret)
{
	size_t size = field->type == PROTOBUF_C_TYPE_BYTES ? sizeof(ProtobufCBinaryData)
							   : sizeof(ProtobufCMessage *);
	int rc = 0;

	*ret = value_nil();
	if (n == 0)
		return 0;
	if (value_new_array(r->arena, n, ret) != 0)
		return out_of_memory(r);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = read_scalar(r, field, items + i * size, &ret->items[i]);
	return rc;
}

static int read_field(const struct reply *r, const ProtobufCFieldDescriptor *field,
		      struct value *ret)
{
	const char *base = (const char *)r->message;
	const char *member = base + field->offset;

	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return read_scalar(r, field, member, ret);
	return read_repeated(r, field, *(const size_t *)(base + field->quantifier_offset),
			     *(const char *const *)member, ret);
}

static int read_entity(const struct reply *r, struct value *ret)
{
	const ProtobufCMessageDescriptor *type = r->message->descriptor;
	int rc = 0;

	if (value_new_map(r->arena, type->n_fields, ret) != 0)
		return out_of_memory(r);
	ret->len = 0;
	for (unsigned i = 0; rc == 0 && i < type->n_fields; i++) {
		struct value_pair *pair = &ret->pairs[ret->len];

		pair->key = value_str(type->fields[i].name);
		rc = read_field(r, &type->fields[i], &pair->value);
		if (pair->value.type != VALUE_NIL)
			ret->len++;
	}
	return rc;
}

/* ---- all ---- */

static const struct result_reader {
	const ProtobufCMessageDescriptor *type;
	reader read;
	bool nil_when_empty; /* no bytes at all are nil */
} readers[] = {
	{&pb__authenticated_credential__descriptor, read_entity, true},
	{&pb__bool__descriptor, read_bool, false},
	{&pb__byte_string__descriptor, read_string, false},
	{&pb__consumer__descriptor, read_entity, true},
	{&pb__empty__descriptor, read_nothing, false},
	{&pb__int__descriptor, read_int, false},
	{&pb__memory_stats__descriptor, read_entity, false},
	{&pb__number__descriptor, read_number, false},
	{&pb__raw_body_result__descriptor, read_raw_body, false},
	{&pb__route__descriptor, read_entity, true},
	{&pb__service__descriptor, read_entity, true},
	{&pb__string__descriptor, read_string, false},
	{&pb__uri_captures_result__descriptor, read_captures, false},
	{&pb__value__descriptor, read_any, false},
};

static const struct result_reader *find_reader(const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof(readers) / sizeof(readers[0]); i++)
		if (strcmp(readers[i].type->short_name, name) == 0)
			return &readers[i];
	return NULL;
}

/* Looked for once for each row. */
static const struct result_reader *reader_of(const struct pdk_fn *fn)
{
	static const struct result_reader *found[PDK_ID_COUNT];

	if (found[fn->id] == NULL)
		found[fn->id] = find_reader(fn->pb_out);
	return found[fn->id];
}

static int decode(const struct reply *r, const struct value *bytes,
		  const struct result_reader *form, struct value *ret)
{
	struct reply typed = *r;
	struct value text;

	if (form->read == read_string && take_string(bytes, &text)) {
		*ret = text_or_nil(r->fn, text);
		return 0;
	}
	if (form->nil_when_empty && bytes->len == 0) {
		*ret = value_nil();
		return 0;
	}
	typed.message = pb_read(form->type, r->arena, bytes->s, bytes->len);
	if (typed.message == NULL)
		return err_set(r->err, E_MALFORMED, "%s: the gateway's answer is no %s",
			       r->fn->name, r->fn->pb_out);
	return form->read(&typed, ret);
}

int pdk_pb_decode(struct arena *arena, const struct pdk_fn *fn, const struct value *bytes,
		  struct value *ret, struct err *err)
{
	const struct reply r = {arena, fn, NULL, err};
	const ProtobufCBinaryData data = {bytes->len, (uint8_t *)bytes->s};

	const struct result_reader *form = reader_of(fn);

	if (form != NULL)
		return decode(&r, bytes, form, ret);
	if (fn->pb_out != NULL && strcmp(fn->pb_out, "Struct") == 0)
		return pdk_pb_read_struct(arena, &data, ret, err);
	return err_set(err, E_UNSUPPORTED, "%s has no result " PDK_PB_HINT, fn->name);
}
