/* pdk_pb_args.c - the arguments of a PDK call as the message that the row names. */
#include <pluginsocket.pb-c.h>
#include <string.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_pb.h"
#include "protocol/arena.h"
#include "protocol/pb.h"
#include "protocol/pb_wire.h"

#define DEFAULT_LINES 100 /* of headers, and arguments of a query: 0 would raise in the gateway */

/* A call that is being encoded. */
struct args {
	struct arena *arena;
	const struct pdk_fn *fn;
	const struct value *argv;
	size_t argc; /* as many are given; the others are nil */
	struct err *err;
};

typedef int (*writer)(const struct args *a, ProtobufCBinaryData *ret);

static int refuse(const struct args *a, size_t i, const char *what)
{
	const char *name = i < a->fn->argc ? a->fn->args[i].name : "argument";

	return err_set(a->err, E_UNSUPPORTED, "%s: %s %s " PDK_PB_HINT, a->fn->name, name, what);
}

static int pack(const struct args *a, const ProtobufCMessage *message, ProtobufCBinaryData *ret)
{
	if (pb_pack(a->arena, message, ret) == 0)
		return 0;
	return err_set(a->err, E_NOMEM, "%s: out of memory for this event", a->fn->name);
}

static const struct value *given(const struct args *a, size_t i)
{
	static const struct value nil = {.type = VALUE_NIL};

	return i < a->argc ? &a->argv[i] : &nil;
}

/* Room for the bytes of a message. */
static int take_room(const struct args *a, size_t n, ProtobufCBinaryData *ret)
{
	uint8_t *room = arena_alloc(a->arena, n);

	if (room == NULL)
		return err_set(a->err, E_NOMEM, "%s: out of memory for this event", a->fn->name);
	*ret = (ProtobufCBinaryData){n, room};
	return 0;
}

static int get_text(const struct args *a, size_t i, ProtobufCBinaryData *ret)
{
	const struct value *v = given(a, i);

	if (!value_is_text(v))
		return refuse(a, i, "can only be a text");
	*ret = (ProtobufCBinaryData){v->len, (uint8_t *)v->s};
	return 0;
}

static int get_int32(const struct args *a, size_t i, int32_t *ret)
{
	int64_t number;

	if (!value_to_int(given(a, i), &number) || number < INT32_MIN || number > INT32_MAX)
		return refuse(a, i, "can only be a whole number of 32 bits");
	*ret = (int32_t)number;
	return 0;
}

/* ---- values ---- */

static int write_any(const struct args *a, const struct value *v, Pb__Value *ret)
{
	int rc = pdk_pb_write_value(a->arena, v, ret, a->err);

	return rc != 0 ? err_prefix(a->err, rc, "%s", a->fn->name) : 0;
}

/* Where a boolean becomes a text anyway, false can be one already. */
static struct value spell_false(const struct value *v)
{
	return v->type == VALUE_BOOL && !v->b ? value_str("false") : *v;
}

/* A table's entries: in headers false is a text, in a query it is as good as absent. */
static int fit_table(const struct args *a, const struct value *table, struct value *ret)
{
	bool is_query = (a->fn->group & PDK_G_QUERY) != 0;

	if (table->type != VALUE_MAP) {
		*ret = *table;
		if (table->type == VALUE_ARRAY && table->len > 0)
			return refuse(a, 0, "can only have texts as keys");
		return 0;
	}
	if (value_new_map(a->arena, table->len, ret) != 0)
		return err_set(a->err, E_NOMEM, "%s: out of memory for this event", a->fn->name);
	for (uint32_t i = 0; i < table->len; i++) {
		const struct value *v = &table->pairs[i].value;

		ret->pairs[i].key = table->pairs[i].key;
		ret->pairs[i].value = spell_false(v);
		if (is_query && pdk_is_falsy(v))
			ret->pairs[i].value = value_nil();
	}
	return 0;
}

static int write_table(const struct args *a, size_t i, ProtobufCBinaryData *ret)
{
	struct value table;
	int rc = fit_table(a, given(a, i), &table);

	if (rc == 0)
		rc = pdk_pb_write_struct(a->arena, &table, ret, a->err);
	return rc != 0 ? err_prefix(a->err, rc, "%s", a->fn->name) : 0;
}

/* ---- messages ---- */

static int write_empty(const struct args *a, ProtobufCBinaryData *ret)
{
	for (size_t i = 0; i < a->argc; i++)
		if (a->argv[i].type != VALUE_NIL)
			return refuse(a, i, "can't be given");
	*ret = (ProtobufCBinaryData){0, NULL};
	return 0;
}

static int write_string(const struct args *a, ProtobufCBinaryData *ret)
{
	const struct value *text = given(a, 0);
	int rc;

	if (!value_is_text(text))
		return refuse(a, 0, "can only be a text");
	if (text->len == 0)
		return 0;
	rc = take_room(a, pb_text_size(text->len), ret);
	if (rc == 0)
		pb_put_text(ret->data, 1, text);
	return rc;
}

static int write_int(const struct args *a, ProtobufCBinaryData *ret)
{
	Pb__Int message = PB__INT__INIT;
	int rc = 0;

	if (a->fn->ret == PDK_MMAP && given(a, 0)->type == VALUE_NIL)
		message.v = DEFAULT_LINES;
	else
		rc = get_int32(a, 0, &message.v);
	return rc != 0 ? rc : pack(a, &message.base, ret);
}

static int write_bool(const struct args *a, ProtobufCBinaryData *ret)
{
	Pb__Bool message = PB__BOOL__INIT;

	message.v = !pdk_is_falsy(given(a, 0));
	return pack(a, &message.base, ret);
}

/* KV{k, Value{string_value}}; an empty key is an absent one. */
static int write_text_kv(const struct args *a, const struct value *v, ProtobufCBinaryData *ret)
{
	const struct value *k = &a->argv[0];
	size_t key = k->len > 0 ? pb_text_size(k->len) : 0, value = pb_text_size(v->len);
	unsigned char *at;
	int rc = take_room(a, key + pb_text_size(value), ret);

	if (rc != 0)
		return rc;
	at = ret->data;
	if (k->len > 0)
		at = pb_put_text(at, 1, k);
	pb_put_text(pb_put_head(at, 2, value), 3, v);
	return 0;
}

static int write_any_kv(const struct args *a, const struct value *v, ProtobufCBinaryData *ret)
{
	Pb__KV message = PB__KV__INIT;
	Pb__Value value = PB__VALUE__INIT;
	int rc = get_text(a, 0, &message.k);

	if (rc == 0)
		rc = write_any(a, v, &value);
	message.v = v->type == VALUE_NIL ? NULL : &value;
	return rc != 0 ? rc : pack(a, &message.base, ret);
}

/* A third argument is how to set the value; one way alone can cross. */
static int write_kv(const struct args *a, ProtobufCBinaryData *ret)
{
	const struct value *mode = pdk_field(given(a, 2), "mode");
	struct value v = *given(a, 1);

	if (mode != NULL && value_is_text(given(a, 0)) && !value_text_is(mode, "set"))
		return refuse(a, 2, "can only have the mode 'set'");
	if (a->fn->args[1].type == PDK_SCALAR_OR_LIST)
		v = spell_false(&v);
	if (value_is_text(&v) && value_is_text(given(a, 0)))
		return write_text_kv(a, &v, ret);
	return write_any_kv(a, &v, ret);
}

static int write_target(const struct args *a, ProtobufCBinaryData *ret)
{
	Pb__Target message = PB__TARGET__INIT;
	int rc = get_text(a, 0, &message.host);

	if (rc == 0)
		rc = get_int32(a, 1, &message.port);
	return rc != 0 ? rc : pack(a, &message.base, ret);
}

static int write_consumer_spec(const struct args *a, ProtobufCBinaryData *ret)
{
	Pb__ConsumerSpec message = PB__CONSUMER_SPEC__INIT;
	int rc = get_text(a, 0, &message.id);

	message.by_username = !pdk_is_falsy(given(a, 1));
	return rc != 0 ? rc : pack(a, &message.base, ret);
}

static int write_struct(const struct args *a, ProtobufCBinaryData *ret)
{
	return write_table(a, 0, ret);
}

/* What is logged: false and nil as the gateway would write them. */
static int write_list(const struct args *a, ProtobufCBinaryData *ret)
{
	Pb__Value *values = arena_alloc(a->arena, a->argc * sizeof(*values) + 1);
	Pb__Value **list = arena_alloc(a->arena, a->argc * sizeof(Pb__Value *) + 1);
	Pb__ListValue message = PB__LIST_VALUE__INIT;
	int rc = 0;

	if (values == NULL || list == NULL)
		return err_set(a->err, E_NOMEM, "%s: out of memory for this event", a->fn->name);
	for (size_t i = 0; rc == 0 && i < a->argc; i++) {
		struct value v = spell_false(&a->argv[i]);

		pb__value__init(&values[i]);
		list[i] = &values[i];
		v = v.type == VALUE_NIL ? value_str("nil") : v;
		rc = write_any(a, &v, &values[i]);
	}
	message.values = list;
	message.n_values = a->argc;
	return rc != 0 ? rc : pack(a, &message.base, ret);
}

/* The headers' message; it may be absent, as in streams, which have none. */
static int write_headers(const struct args *a, const struct value *headers, Pb__Struct **ret)
{
	struct args of = *a;
	ProtobufCBinaryData bytes = {0, NULL};
	int rc;

	if (!value_is_table(headers) || headers->len == 0)
		return 0;
	of.argv = headers;
	of.argc = 1;
	rc = write_table(&of, 0, &bytes);
	if (rc != 0)
		return rc;
	*ret = (Pb__Struct *)pb_read(&pb__struct__descriptor, a->arena, bytes.data, bytes.len);
	return *ret != NULL ? 0 : err_set(a->err, E_NOMEM, "%s: out of memory", a->fn->name);
}

static int write_exit(const struct args *a, ProtobufCBinaryData *ret)
{
	struct value argv[3] = {*given(a, 0), *given(a, 1), *given(a, 2)};
	Pb__ExitArgs message = PB__EXIT_ARGS__INIT;
	int rc = pdk_exit_as_text(a->arena, argv, a->err);

	if (rc == 0)
		rc = get_int32(a, 0, &message.status);
	if (rc == 0)
		rc = write_headers(a, &argv[2], &message.headers);
	if (rc == 0 && value_is_text(&argv[1]))
		message.body = (ProtobufCBinaryData){argv[1].len, (uint8_t *)argv[1].s};
	return rc != 0 ? rc : pack(a, &message.base, ret);
}

/* ---- entities ---- */

static void copy_text(const struct value *table, const char *name, ProtobufCBinaryData *ret)
{
	const struct value *v = pdk_field(table, name);

	if (v != NULL && value_is_text(v))
		*ret = (ProtobufCBinaryData){v->len, (uint8_t *)v->s};
}

static int copy_texts(const struct args *a, const struct value *list, Pb__Consumer *ret)
{
	ProtobufCBinaryData *texts;

	if (list == NULL || list->type != VALUE_ARRAY)
		return 0;
	texts = arena_alloc(a->arena, list->len * sizeof(*texts) + 1);
	if (texts == NULL)
		return err_set(a->err, E_NOMEM, "%s: out of memory for this event", a->fn->name);
	for (uint32_t i = 0; i < list->len; i++)
		if (value_is_text(&list->items[i]))
			texts[ret->n_tags++] = (ProtobufCBinaryData){list->items[i].len,
								     (uint8_t *)list->items[i].s};
	ret->tags = texts;
	return 0;
}

static int write_consumer(const struct args *a, const struct value *table, Pb__Consumer *ret)
{
	const struct value *created_at = pdk_field(table, "created_at");

	copy_text(table, "id", &ret->id);
	copy_text(table, "username", &ret->username);
	copy_text(table, "custom_id", &ret->custom_id);
	if (created_at != NULL)
		value_to_int(created_at, &ret->created_at);
	return copy_texts(a, pdk_field(table, "tags"), ret);
}

static int write_authenticate(const struct args *a, ProtobufCBinaryData *ret)
{
	Pb__AuthenticateArgs message = PB__AUTHENTICATE_ARGS__INIT;
	Pb__Consumer consumer = PB__CONSUMER__INIT;
	Pb__AuthenticatedCredential credential = PB__AUTHENTICATED_CREDENTIAL__INIT;
	int rc = 0;

	if (value_is_table(given(a, 0))) {
		rc = write_consumer(a, given(a, 0), &consumer);
		message.consumer = &consumer;
	}
	if (value_is_table(given(a, 1))) {
		const struct value *owner = pdk_field(given(a, 1), "consumer");

		copy_text(given(a, 1), "id", &credential.id);
		copy_text(given(a, 1), "consumer_id", &credential.consumer_id);
		if (owner != NULL && credential.consumer_id.len == 0)
			copy_text(owner, "id", &credential.consumer_id);
		message.credential = &credential;
	}
	return rc != 0 ? rc : pack(a, &message.base, ret);
}

/* ---- all ---- */

static const struct {
	const char *name;
	writer write;
} writers[] = {
	{"AuthenticateArgs", write_authenticate},
	{"Bool", write_bool},
	{"ByteString", write_string},
	{"ConsumerSpec", write_consumer_spec},
	{"Empty", write_empty},
	{"ExitArgs", write_exit},
	{"Int", write_int},
	{"KV", write_kv},
	{"ListValue", write_list},
	{"String", write_string},
	{"Struct", write_struct},
	{"Target", write_target},
};

static writer find_writer(const char *name)
{
	for (size_t i = 0; name != NULL && i < sizeof(writers) / sizeof(writers[0]); i++)
		if (strcmp(writers[i].name, name) == 0)
			return writers[i].write;
	return NULL;
}

/* Looked for once for each row. */
static writer writer_of(const struct pdk_fn *fn)
{
	static writer found[PDK_ID_COUNT];

	if (found[fn->id] == NULL)
		found[fn->id] = find_writer(fn->pb_in);
	return found[fn->id];
}

int pdk_pb_encode(struct arena *arena, const struct pdk_fn *fn, const struct value *argv,
		  size_t argc, struct value *ret, struct err *err)
{
	const struct args a = {arena, fn, argv, argc, err};
	writer write = writer_of(fn);
	ProtobufCBinaryData bytes = {0, NULL};
	int rc;

	if (write == NULL)
		return err_set(err, E_UNSUPPORTED, "%s can't be called " PDK_PB_HINT, fn->name);
	rc = write(&a, &bytes);
	if (rc == 0)
		*ret = (struct value){.type = VALUE_BIN,
				      .len = (uint32_t)bytes.len,
				      .s = bytes.len > 0 ? (const char *)bytes.data : ""};
	return rc;
}
