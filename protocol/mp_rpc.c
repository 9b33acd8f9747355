#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/mp.h"
#include "protocol/mp_pen.h"

/* The first element of each message. */
enum rpc_type {
	RPC_CALL = 0,
	RPC_ANSWER = 1,
	RPC_NOTICE = 2
};

/* The first parameter of a call; an absent one is nil. */
struct rpc_params {
	const struct value *first;
	struct err *err;
	const char *method; /* for error texts */
};

/* A call whose parameters we know. */
struct rpc_method {
	const char *name;
	enum msg_type type;
	int (*read)(const struct rpc_params *params, struct msg *ret);
};

static int refuse(const struct rpc_params *params, const char *field, const char *wanted,
		  const struct value *v)
{
	return err_set(params->err, E_MALFORMED, "malformed call: %s of %s is %s instead of %s",
		       field, params->method,
		       v->type == VALUE_NIL ? "missing" : value_type_name(v->type), wanted);
}

/* The field of the parameter; nil when it is absent. An empty map may come as an empty array. */
static const struct value *get_field(const struct rpc_params *params, const char *name)
{
	static const struct value nil;
	const struct value *found = value_map_get(params->first, name);

	return found != NULL ? found : &nil;
}

static int read_text(const struct rpc_params *params, const char *name, struct value *ret)
{
	const struct value *v = get_field(params, name);

	if (!value_is_text(v))
		return refuse(params, name, "a text", v);
	*ret = value_strn(v->s, v->len);
	return 0;
}

/* Instances are numbered from our 31 bits, events from our 53, so int64_t holds all that we gave out. */
static int read_instance_id(const struct rpc_params *params, const char *name,
			    const struct value *v, struct msg *ret)
{
	return value_to_int(v, &ret->instance_id) ? 0 : refuse(params, name, "a whole number", v);
}

static int read_event_id(const struct rpc_params *params, struct msg *ret)
{
	const struct value *v = get_field(params, "EventId");
	int64_t id;

	if (!value_to_int(v, &id) || id < 0)
		return refuse(params, "EventId", "a whole number from 0 on", v);
	ret->event_id = (uint64_t)id;
	return 0;
}

static int read_start(const struct rpc_params *params, struct msg *ret)
{
	int rc = read_text(params, "Name", &ret->name);

	return rc != 0 ? rc : read_text(params, "Config", &ret->text);
}

static int read_close(const struct rpc_params *params, struct msg *ret)
{
	return read_instance_id(params, "the parameter", params->first, ret);
}

static int read_event(const struct rpc_params *params, struct msg *ret)
{
	int rc = read_instance_id(params, "InstanceId", get_field(params, "InstanceId"), ret);

	return rc != 0 ? rc : read_text(params, "EventName", &ret->name);
}

static int read_step(const struct rpc_params *params, struct msg *ret)
{
	ret->data = *get_field(params, "Data");
	return read_event_id(params, ret);
}

static int read_step_error(const struct rpc_params *params, struct msg *ret)
{
	int rc = read_event_id(params, ret);

	return rc != 0 ? rc : read_text(params, "Data", &ret->text);
}

static int read_other(const struct rpc_params *params, struct msg *ret)
{
	ret->data = *params->first;
	return 0;
}

static const struct rpc_method methods[] = {
	{"plugin.HandleEvent", MSG_HANDLE_EVENT, read_event},
	{"plugin.StartInstance", MSG_START_INSTANCE, read_start},
	{"plugin.CloseInstance", MSG_CLOSE_INSTANCE, read_close},
	{"plugin.StepError", MSG_STEP_ERROR, read_step_error},
};

/* StepMultiMap, StepCredential and so on only tell how the gateway shaped Data. */
static const struct rpc_method any_step = {"plugin.Step", MSG_STEP, read_step};
static const struct rpc_method any_other = {"the method", MSG_OTHER, read_other};

static const struct rpc_method *find_method(const struct value *name)
{
	size_t step_len = strlen(any_step.name);

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (value_text_is(name, methods[i].name))
			return &methods[i];
	if (name->len >= step_len && memcmp(name->s, any_step.name, step_len) == 0)
		return &any_step;
	return &any_other;
}

/* Any number that is a message id; we echo it. */
static bool read_id(const struct value *v, uint64_t *ret)
{
	int64_t id;

	if (v->type == VALUE_UINT) {
		*ret = v->u;
		return true;
	}
	if (!value_to_int(v, &id) || id < 0)
		return false;
	*ret = (uint64_t)id;
	return true;
}

static int read_params(const struct value *v, const struct value **ret_first, struct err *err)
{
	static const struct value nil;

	if (v->type == VALUE_NIL || (value_is_table(v) && v->len == 0))
		*ret_first = &nil;
	else if (v->type == VALUE_ARRAY)
		*ret_first = &v->items[0];
	else
		return err_set(err, E_MALFORMED,
			       "malformed call: the parameters are %s instead of an array",
			       value_type_name(v->type));
	return 0;
}

/* items: id, method and perhaps params, which are behind the message's type. */
static int read_call(const struct value *items, size_t n, struct msg *ret, struct err *err)
{
	static const struct value nil;
	struct rpc_params params = {.err = err};
	const struct rpc_method *method;
	struct msg msg = {.id = ret->id};
	int rc;

	if (!value_is_text(&items[1]))
		return err_set(err, E_MALFORMED,
			       "malformed call: the method is %s instead of a text",
			       value_type_name(items[1].type));
	method = find_method(&items[1]);
	params.method = method->name;
	ret->type = msg.type = method->type;
	ret->method = msg.method = value_strn(items[1].s, items[1].len);
	rc = read_params(n > 2 ? &items[2] : &nil, &params.first, err);
	if (rc != 0)
		return rc;
	rc = method->read(&params, &msg);
	if (rc == 0)
		*ret = msg;
	return rc;
}

/* What is no call is refused: the gateway only ever calls. */
static int check_type(const struct value *message, struct err *err)
{
	int64_t type = -1;

	if (message->type != VALUE_ARRAY)
		return err_set(err, E_MALFORMED, "malformed message: %s instead of an array",
			       value_type_name(message->type));
	if (message->len == 0 || !value_to_int(&message->items[0], &type))
		return err_set(err, E_MALFORMED, "malformed message: it has no type");
	if (type == RPC_ANSWER)
		return err_set(err, E_MALFORMED,
			       "malformed message: an answer where only calls may come");
	if (type == RPC_NOTICE)
		return err_set(err, E_MALFORMED,
			       "malformed message: a notification where only calls may come");
	if (type != RPC_CALL)
		return err_set(err, E_MALFORMED, "malformed message: unknown type %lld",
			       (long long)type);
	return 0;
}

static int mp_rpc_read(const unsigned char *bytes, size_t n, struct arena *arena, struct msg *ret,
		       bool *ret_id_known, struct err *err)
{
	struct value message;
	int rc;

	*ret_id_known = false;
	rc = mp_read_value(bytes, n, arena, &message, err);
	if (rc == 0)
		rc = check_type(&message, err);
	if (rc != 0)
		return rc;
	if (message.len < 2 || !read_id(&message.items[1], &ret->id))
		return err_set(err, E_MALFORMED, "malformed call: its id is no number from 0 on");
	*ret_id_known = true;
	ret->type = MSG_OTHER;
	ret->method = value_nil();
	if (message.len < 3)
		return err_set(err, E_MALFORMED, "malformed call: it names no method");
	return read_call(message.items + 1, message.len - 1, ret, err);
}

/* A ProtoBuf frame begins with its length, little-endian, whose last byte is zero below 16 MiB. Here, a zero may
 * be there where the id fills it, having a head of its own (0xcc to 0xcf); the method's head is none. */
static bool mp_rpc_probe(const unsigned char *bytes, size_t n)
{
	if ((bytes[0] & 0xf0) != 0x90)
		return false;
	if (n >= 2 && bytes[1] > RPC_NOTICE)
		return false;
	return n < 4 || bytes[3] != 0 || (bytes[2] & 0xfc) == 0xcc;
}

/* ---- what we send ---- */

#define ANSWER_DEPTH 1 /* of a result: in the message's array */
#define ARGS_DEPTH 3   /* of the arguments, in its Data's map, in the result's map */

/* More than any message of ours has beside texts and arguments. */
#define MESSAGE_ROOM ((size_t)80)

/* Bytes that are known beforehand. */
#define PUT(pen, bytes) mp_pen_put(pen, bytes, sizeof(bytes) - 1)

static struct value array_of(struct value *items, uint32_t n)
{
	return (struct value){.type = VALUE_ARRAY, .len = n, .items = items};
}

static struct value map_of(struct value_pair *pairs, uint32_t n)
{
	return (struct value){.type = VALUE_MAP, .len = n, .pairs = pairs};
}

static struct value text_of(const struct value *v)
{
	return value_is_text(v) ? value_strn(v->s, v->len) : value_strn("", 0);
}

/* Undoes what was written of a message if not all could be. */
static int settle(struct buf *out, size_t before, int rc, struct err *err)
{
	if (rc != 0)
		buf_truncate(out, before);
	if (rc == -E_TOO_DEEP)
		return err_set(err, E_TOO_DEEP, "a value with more than %d tables in one another",
			       LIMIT_MESSAGE_DEPTH_MAX - 4);
	return rc != 0 ? err_set(err, E_NOMEM, "no memory for a message to the gateway") : 0;
}

/* [1, id, ; an error or nil, and a result follow. */
static void put_head(unsigned char **pen, const struct msg *msg)
{
	PUT(pen, "\x94\x01");
	mp_pack_uint64(pen, msg->id);
}

static int write_answer(struct buf *out, const struct msg *msg, struct value error,
			struct value result, struct err *err)
{
	size_t before = buf_len(out);
	int rc = buf_reserve(out, MESSAGE_ROOM);
	unsigned char *pen;

	if (rc == 0) {
		pen = buf_tail(out);
		put_head(&pen, msg);
		buf_commit_to(out, pen);
		rc = mp_write_nested(out, &error, ANSWER_DEPTH);
	}
	if (rc == 0)
		rc = mp_write_nested(out, &result, ANSWER_DEPTH);
	return settle(out, before, rc, err);
}

static int write_instance(struct buf *out, const struct msg *msg, struct err *err)
{
	struct value_pair pairs[] = {
		{value_str("Id"), value_int(msg->instance_id)},
		{value_str("Name"), text_of(&msg->name)},
	};

	return write_answer(out, msg, value_nil(), map_of(pairs, 2), err);
}

/* [1, id, nil, {EventId: event, Data: ; the data follow. */
static void put_data_head(unsigned char **pen, const struct msg *msg)
{
	put_head(pen, msg);
	PUT(pen, "\xc0\x82\xa7"
		 "EventId");
	mp_pack_uint64(pen, msg->event_id);
	PUT(pen, "\xa4"
		 "Data");
}

static int write_event_end(struct buf *out, const struct msg *msg, struct err *err)
{
	unsigned char *pen;

	if (buf_reserve(out, MESSAGE_ROOM) != 0)
		return settle(out, buf_len(out), -E_NOMEM, err);
	pen = buf_tail(out);
	put_data_head(&pen, msg);
	PUT(&pen, "\xa3"
		  "ret");
	buf_commit_to(out, pen);
	return 0;
}

/* Leaves trailing nils out: the gateway's functions see nil for absent arguments. */
static struct value trim_args(const struct value *args)
{
	struct value trimmed = *args;

	while (trimmed.len > 0 && trimmed.items[trimmed.len - 1].type == VALUE_NIL)
		trimmed.len--;
	return trimmed;
}

/* The gateway spreads the arguments by Lua's unpack(), which stops at some nils. These were seen to
 * survive: [nil, x] and [x, x, nil, x]. Returns the index of a nil that would not, else -1. */
static int lost_nil(const struct value *args)
{
	for (uint32_t i = 0; i < args->len; i++) {
		bool survives = (args->len == 2 && i == 0) || (args->len == 4 && i == 2);

		if (args->items[i].type == VALUE_NIL && !survives)
			return (int)i;
	}
	return -1;
}

/* All of a PDK call before its arguments. */
static int write_method(struct buf *out, const struct msg *msg, const struct value *method)
{
	unsigned char *pen;

	if (buf_reserve(out, MESSAGE_ROOM + method->len) != 0)
		return -E_NOMEM;
	pen = buf_tail(out);
	put_data_head(&pen, msg);
	PUT(&pen, "\x82\xa6"
		  "Method");
	mp_pack_str(&pen, method->len);
	mp_pen_put(&pen, method->s, method->len);
	PUT(&pen, "\xa4"
		  "Args");
	buf_commit_to(out, pen);
	return 0;
}

static int write_pdk_call(struct buf *out, const struct msg *msg, struct err *err)
{
	struct value args = msg->data.type == VALUE_NIL ? array_of(NULL, 0) : msg->data;
	struct value method = text_of(&msg->name);
	size_t before = buf_len(out);
	int lost, rc;

	if (args.type != VALUE_ARRAY)
		return err_set(err, E_UNSUPPORTED, "the arguments of %.*s are no array",
			       (int)method.len, method.s);
	args = trim_args(&args);
	lost = lost_nil(&args);
	if (lost >= 0)
		return err_set(
			err, E_UNSUPPORTED,
			"argument %d of %.*s is nil, and the gateway would lose those behind it",
			lost + 1, (int)method.len, method.s);
	rc = write_method(out, msg, &method);
	if (rc == 0)
		rc = mp_write_nested(out, &args, ARGS_DEPTH);
	return settle(out, before, rc, err);
}

/* A nil result is a failure to the gateway. */
static int write_result(struct buf *out, const struct msg *msg, struct err *err)
{
	struct value result = msg->data.type == VALUE_NIL ? map_of(NULL, 0) : msg->data;

	return write_answer(out, msg, value_nil(), result, err);
}

/* The gateway takes nothing but a string for an error. */
static int write_error(struct buf *out, const struct msg *msg, struct err *err)
{
	struct value text = value_is_text(&msg->text) ? text_of(&msg->text)
						      : value_str(err_text(E_INTERNAL));

	return write_answer(out, msg, text, value_nil(), err);
}

static int write_server_pid(struct buf *out, const struct msg *msg, struct err *err)
{
	struct value items[] = {value_int(RPC_NOTICE), value_str("serverPid"),
				value_int(msg->number)};
	struct value message = array_of(items, 3);

	return settle(out, buf_len(out), mp_write_value(out, &message), err);
}

static int mp_rpc_write(struct buf *out, const struct msg *msg, struct err *err)
{
	switch (msg->type) {
	case MSG_INSTANCE:
		return write_instance(out, msg, err);
	case MSG_PDK_CALL:
		return write_pdk_call(out, msg, err);
	case MSG_EVENT_END:
		return write_event_end(out, msg, err);
	case MSG_RESULT:
		return write_result(out, msg, err);
	case MSG_ERROR:
		return write_error(out, msg, err);
	case MSG_SERVER_PID:
		return write_server_pid(out, msg, err);
	default:
		return err_set(err, E_UNSUPPORTED, "a server sends no calls");
	}
}

const struct codec codec_msgpack = {
	.name = "MsgPack:1",
	.probe = mp_rpc_probe,
	.scan_size = MP_SCAN_SIZE,
	.frame = mp_frame,
	.quick = mp_quick,
	.read = mp_rpc_read,
	.write = mp_rpc_write,
};
