/* load_pb.c - what the gateway says and hears over ProtoBuf:1. */
#include <pluginsocket.pb-c.h>
#include <stdio.h>
#include <string.h>
#include "protocol/err.h"
#include "protocol/pb.h"
#include "tests/bench/load.h"

/* Which frame is the next one. */
enum expects {
	EXPECTS_RETURN, /* RpcReturn */
	EXPECTS_METHOD, /* the name of a PDK call, or nothing: the end of the event */
	EXPECTS_ARGUMENTS,
};

static ProtobufCBinaryData bytes(const char *s, size_t n)
{
	return (ProtobufCBinaryData){n, (uint8_t *)s};
}

static int start(struct load_conn *c, const char *plugin, const char *conf)
{
	Pb__CmdStartInstance start = PB__CMD_START_INSTANCE__INIT;
	Pb__RpcCall call = PB__RPC_CALL__INIT;
	start.name = bytes(plugin, strlen(plugin));
	start.config = bytes(conf, strlen(conf));
	call.sequence = (int64_t)++c->message;
	call.call_case = PB__RPC_CALL__CALL_CMD_START_INSTANCE;
	call.cmd_start_instance = &start;
	c->expects = EXPECTS_RETURN;
	return pb_write_message(&c->out, &call.base);
}

static int event(struct load_conn *c, int64_t instance, const char *phase)
{
	Pb__CmdHandleEvent handle = PB__CMD_HANDLE_EVENT__INIT;
	Pb__RpcCall call = PB__RPC_CALL__INIT;
	handle.instance_id = (int32_t)instance;
	handle.event_name = bytes(phase, strlen(phase));
	call.sequence = (int64_t)++c->message;
	call.call_case = PB__RPC_CALL__CALL_CMD_HANDLE_EVENT;
	call.cmd_handle_event = &handle;
	c->expects = EXPECTS_METHOD;
	return pb_write_message(&c->out, &call.base);
}

static int step(struct load_conn *c, const struct value *method, const struct value *ret)
{
	Pb__String text = PB__STRING__INIT;
	Pb__RawBodyResult body = PB__RAW_BODY_RESULT__INIT;
	Pb__Empty nothing = PB__EMPTY__INIT;
	if (ret->type == VALUE_NIL)
		return pb_write_message(&c->out, &nothing.base);
	if (value_text_is(method, "kong.request.get_raw_body")) {
		body.kind_case = PB__RAW_BODY_RESULT__KIND_CONTENT;
		body.content = bytes(ret->s, ret->len);
		return pb_write_message(&c->out, &body.base);
	}
	text.v = bytes(ret->s, ret->len);
	return pb_write_message(&c->out, &text.base);
}

static int understand_return(struct load_conn *c, struct arena *arena, const struct value *frame,
			     struct load_heard *ret)
{
	const Pb__RpcReturn *answer =
		(const void *)pb_read(&pb__rpc_return__descriptor, arena, frame->s, frame->len);
	if (!answer || (uint64_t)answer->sequence != c->message)
		return -E_MALFORMED;
	if (answer->return_case == PB__RPC_RETURN__RETURN_INSTANCE_STATUS)
		*ret = (struct load_heard){.type = HEARD_STARTED,
					   .id = answer->instance_status->instance_id};
	else
		ret->type = HEARD_END;
	return 1;
}

/* Has the two texts of set_header's argument. */
static int understand_set_header(struct arena *arena, const struct value *frame,
				 struct load_heard *ret)
{
	const Pb__KV *kv = (const void *)pb_read(&pb__kv__descriptor, arena, frame->s, frame->len);
	if (!kv)
		return -E_MALFORMED;
	ret->first = pb_text(&kv->k);
	if (kv->v && kv->v->kind_case == PB__VALUE__KIND_STRING_VALUE)
		ret->last = pb_text(&kv->v->string_value);
	return 1;
}

static int understand_arguments(struct load_conn *c, struct arena *arena, const struct value *frame,
				struct load_heard *ret)
{
	c->expects = EXPECTS_METHOD;
	*ret = (struct load_heard){.type = HEARD_CALL, .method = value_str(c->method_text)};
	if (value_text_is(&ret->method, "kong.response.set_header"))
		return understand_set_header(arena, frame, ret);
	if (!value_text_is(&ret->method, "kong.request.get_header"))
		return 1;
	const Pb__String *name =
		(const void *)pb_read(&pb__string__descriptor, arena, frame->s, frame->len);
	if (!name)
		return -E_MALFORMED;
	ret->first = ret->last = pb_text(&name->v);
	return 1;
}

static int understand_method(struct load_conn *c, const struct value *frame)
{
	if (frame->len >= sizeof(c->method_text))
		return -E_MALFORMED;
	memcpy(c->method_text, frame->s, frame->len);
	c->method_text[frame->len] = '\0';
	c->expects = frame->len ? EXPECTS_ARGUMENTS : EXPECTS_RETURN;
	return 1;
}

static int read_frame(struct load_conn *c, struct arena *arena, struct load_heard *ret,
		      size_t *ret_size)
{
	struct limits limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH};
	int rc = pb_frame(NULL, &limits, buf_head(&c->in), buf_len(&c->in), ret_size, NULL);
	if (rc <= 0)
		return rc;
	struct value frame = value_strn((const char *)buf_head(&c->in) + PB_LENGTH_SIZE,
					*ret_size - PB_LENGTH_SIZE);
	if (c->expects == EXPECTS_METHOD)
		return understand_method(c, &frame);
	if (c->expects == EXPECTS_ARGUMENTS)
		return understand_arguments(c, arena, &frame, ret);
	return understand_return(c, arena, &frame, ret);
}

const struct load_wire load_pb = {"protobuf", start, event, step, read_frame};
