/* pb_rpc.c - ProtoBuf:1: RpcCall and RpcReturn, and the frames between them.
 *
 * An event is a conversation on one connection: RpcCall; then, for each PDK call, two frames of ours
 * (its name, its arguments) and one of the gateway (its result); an empty frame of ours and RpcReturn at
 * the end. (kong/runloop/plugin_servers/rpc/pb_rpc.lua) */
#include <pluginsocket.pb-c.h>
#include <string.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "protocol/pb.h"
#include "protocol/pb_wire.h"

/* No gateway sends a first message this large; texts of other protocols begin so. */
#define FIRST_LENGTH_MAX ((uint32_t)1 << 28)

/* ---- calls ---- */

static void read_start(const Pb__CmdStartInstance *cmd, struct msg *ret)
{
	ret->type = MSG_START_INSTANCE;
	ret->name = pb_text(&cmd->name);
	ret->text = pb_text(&cmd->config);
}

static void read_event(const Pb__CmdHandleEvent *cmd, struct msg *ret)
{
	ret->type = MSG_HANDLE_EVENT;
	ret->instance_id = cmd->instance_id;
	ret->name = pb_text(&cmd->event_name);
}

/* What the contract has and the gateway never sends. */
static const char *other_method(Pb__RpcCall__CallCase call)
{
	switch (call) {
	case PB__RPC_CALL__CALL_CMD_GET_PLUGIN_NAMES:
		return "GetPluginNames";
	case PB__RPC_CALL__CALL_CMD_GET_PLUGIN_INFO:
		return "GetPluginInfo";
	case PB__RPC_CALL__CALL_CMD_GET_INSTANCE_STATUS:
		return "GetInstanceStatus";
	default:
		return "";
	}
}

static void read_call(const Pb__RpcCall *call, struct msg *ret)
{
	*ret = (struct msg){.type = MSG_OTHER, .id = (uint64_t)call->sequence};
	switch (call->call_case) {
	case PB__RPC_CALL__CALL_CMD_START_INSTANCE:
		read_start(call->cmd_start_instance, ret);
		break;
	case PB__RPC_CALL__CALL_CMD_CLOSE_INSTANCE:
		ret->type = MSG_CLOSE_INSTANCE;
		ret->instance_id = call->cmd_close_instance->instance_id;
		break;
	case PB__RPC_CALL__CALL_CMD_HANDLE_EVENT:
		read_event(call->cmd_handle_event, ret);
		break;
	default:
		ret->method = value_str(other_method(call->call_case));
	}
}

static int pb_rpc_read(const unsigned char *bytes, size_t n, struct arena *arena, struct msg *ret,
		       bool *ret_id_known, struct err *err)
{
	const Pb__RpcCall *call = NULL;

	*ret_id_known = false;
	if (n >= PB_LENGTH_SIZE)
		call = (const Pb__RpcCall *)pb_read(&pb__rpc_call__descriptor, arena,
						    bytes + PB_LENGTH_SIZE, n - PB_LENGTH_SIZE);
	if (call == NULL)
		return err_set(err, E_MALFORMED, "malformed call: it is no RpcCall");
	if (n == PB_LENGTH_SIZE)
		return err_set(err, E_MALFORMED, "malformed call: an empty frame");
	*ret_id_known = true;
	read_call(call, ret);
	return 0;
}

/* ---- the usual call ---- */

/* A message of a number, its field 1, and a text, each at most once. */
struct pair {
	uint64_t number;   /* 0 where it is absent */
	struct value text; /* or nil */
};

/* In any order; false where there is anything else. */
static bool take_pair(struct pb_bytes in, uint64_t text_tag, struct pair *ret)
{
	bool has_number = false;

	*ret = (struct pair){0};
	while (in.at < in.end) {
		bool taken = false;
		uint64_t tag;

		if (!pb_take_number(&in, &tag))
			return false;
		if (tag == text_tag && ret->text.type == VALUE_NIL)
			taken = pb_take_text(&in, &ret->text);
		else if (tag == PB_TAG(1, PB_VARINT) && !has_number)
			taken = has_number = pb_take_number(&in, &ret->number);
		if (!taken)
			return false;
	}
	return true;
}

/* n bytes with the length before them. */
static bool read_event_alone(const unsigned char *bytes, size_t n, struct msg *ret)
{
	const struct pb_bytes in = {bytes + PB_LENGTH_SIZE, bytes + n};
	struct pair call, event;

	if (!take_pair(in, PB_TAG(PB__RPC_CALL__CALL_CMD_HANDLE_EVENT, PB_LENGTH), &call) ||
	    call.text.type == VALUE_NIL ||
	    !take_pair(pb_bytes_of(&call.text), PB_TAG(2, PB_LENGTH), &event))
		return false;
	*ret = (struct msg){.type = MSG_HANDLE_EVENT,
			    .id = call.number,
			    .instance_id = (int32_t)(uint32_t)event.number,
			    .name = event.text};
	ret->name.type = VALUE_STR; /* empty where it is absent */
	return true;
}

static size_t pb_rpc_quick(const struct limits *limits, const unsigned char *bytes, size_t n,
			   struct msg *ret)
{
	size_t size;

	if (pb_frame(NULL, limits, bytes, n, &size, NULL) != 1 ||
	    !read_event_alone(bytes, size, ret))
		return 0;
	return size;
}

/* ---- results, and what begins a call ---- */

static void pb_rpc_read_result(const unsigned char *bytes, size_t n, struct msg *ret)
{
	ret->type = MSG_STEP;
	ret->data = (struct value){.type = VALUE_BIN,
				   .len = (uint32_t)(n - PB_LENGTH_SIZE),
				   .s = (const char *)bytes + PB_LENGTH_SIZE};
}

/* The byte behind the length begins a field of RpcCall, which may stand in any order. */
static bool begins_call(unsigned char byte)
{
	if (byte == PB_TAG(1, PB_VARINT))
		return true;
	for (unsigned field = PB__RPC_CALL__CALL_CMD_GET_PLUGIN_NAMES;
	     field <= PB__RPC_CALL__CALL_CMD_HANDLE_EVENT; field++)
		if (byte == ((PB_TAG(field, PB_LENGTH) & 0x7f) | 0x80))
			return true;
	return false;
}

static bool pb_rpc_probe(const unsigned char *bytes, size_t n)
{
	uint32_t length;

	if (n < PB_LENGTH_SIZE)
		return true;
	memcpy(&length, bytes, sizeof(length));
	if (length == 0 || length > FIRST_LENGTH_MAX)
		return false;
	return n == PB_LENGTH_SIZE || begins_call(bytes[PB_LENGTH_SIZE]);
}

/* ---- answers ---- */

/* A frame, where there is room for it. Returns what is behind it. */
static unsigned char *put_frame(unsigned char *at, const void *bytes, size_t n)
{
	uint32_t length = (uint32_t)n;

	memcpy(at, &length, PB_LENGTH_SIZE);
	at += PB_LENGTH_SIZE;
	if (n > 0)
		memcpy(at, bytes, n);
	return at + n;
}

/* RpcReturn with nothing but its sequence, which is absent when it is 0; after an event, behind its end. */
static int write_return(struct buf *out, const struct msg *msg)
{
	unsigned char message[1 + PB_NUMBER_MAX], *end = message, *at;

	if (buf_reserve(out, 2 * PB_LENGTH_SIZE + sizeof(message)) != 0)
		return -E_NOMEM;
	if (msg->id != 0) {
		*end++ = PB_TAG(1, PB_VARINT);
		end = pb_put_number(end, msg->id);
	}
	at = buf_tail(out);
	if (msg->type == MSG_EVENT_END)
		at = put_frame(at, NULL, 0);
	at = put_frame(at, message, (size_t)(end - message));
	buf_commit_to(out, at);
	return 0;
}

static int write_instance(struct buf *out, const struct msg *msg)
{
	Pb__InstanceStatus status = PB__INSTANCE_STATUS__INIT;
	Pb__RpcReturn answer = PB__RPC_RETURN__INIT;

	status.name = (ProtobufCBinaryData){msg->name.len, (uint8_t *)msg->name.s};
	status.instance_id = (int32_t)msg->instance_id;
	status.started_at = msg->number;
	answer.sequence = (int64_t)msg->id;
	answer.return_case = PB__RPC_RETURN__RETURN_INSTANCE_STATUS;
	answer.instance_status = &status;
	return pb_write_message(out, &answer.base);
}

static int write_two(struct buf *out, const struct value *name, const struct value *args)
{
	size_t n = args->type == VALUE_BIN ? args->len : 0;
	unsigned char *at;

	if (buf_reserve(out, 2 * PB_LENGTH_SIZE + name->len + n) != 0)
		return -E_NOMEM;
	at = put_frame(buf_tail(out), name->s, name->len);
	at = put_frame(at, args->s, n);
	buf_commit_to(out, at);
	return 0;
}

static int write_pdk_call(struct buf *out, const struct msg *msg, struct err *err)
{
	if (msg->data.type != VALUE_BIN && msg->data.type != VALUE_NIL)
		return err_set(err, E_UNSUPPORTED, "arguments that are no message of ProtoBuf:1");
	return write_two(out, &msg->name, &msg->data);
}

/* There are no errors: the text goes out as the name of a function, which the gateway says it lacks. */
static int write_error(struct buf *out, const struct msg *msg)
{
	struct value text = value_is_text(&msg->text) && msg->text.len > 0
				    ? msg->text
				    : value_str(err_text(E_INTERNAL));

	return write_two(out, &text, &(struct value){.type = VALUE_NIL});
}

static int write_any(struct buf *out, const struct msg *msg, struct err *err)
{
	switch (msg->type) {
	case MSG_INSTANCE:
		return write_instance(out, msg);
	case MSG_PDK_CALL:
		return write_pdk_call(out, msg, err);
	case MSG_EVENT_END:
	case MSG_RESULT:
		return write_return(out, msg);
	case MSG_ERROR:
		return write_error(out, msg);
	default:
		return err_set(err, E_UNSUPPORTED, "ProtoBuf:1 has no such message");
	}
}

static int pb_rpc_write(struct buf *out, const struct msg *msg, struct err *err)
{
	size_t before = buf_len(out);
	int rc = write_any(out, msg, err);

	if (rc != 0)
		buf_truncate(out, before);
	return rc == -E_NOMEM ? err_set(err, E_NOMEM, "no memory for a message to the gateway")
			      : rc;
}

const struct codec codec_protobuf = {
	.name = "ProtoBuf:1",
	.probe = pb_rpc_probe,
	.frame = pb_frame,
	.quick = pb_rpc_quick,
	.read = pb_rpc_read,
	.read_result = pb_rpc_read_result,
	.write = pb_rpc_write,
};
