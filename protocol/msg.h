/* msg.h - what is said between gateway and server, free of any wire format.
 *
 * The gateway calls (start an instance, handle an event, answer a PDK call); each call gets exactly one
 * answer from us on the connection it came by. PROTOCOL.md names the two: MsgPack:1 and ProtoBuf:1. */
#ifndef PROTOCOL_MSG_H
#define PROTOCOL_MSG_H
#include <stdint.h>
#include "protocol/value.h"

enum msg_type {
	/* calls of the gateway */
	MSG_START_INSTANCE, /* name, text = conf as JSON */
	MSG_CLOSE_INSTANCE, /* instance_id */
	MSG_HANDLE_EVENT,   /* instance_id, name = phase */
	MSG_STEP,           /* event_id, data = the PDK call's answer (nil when absent) */
	MSG_STEP_ERROR,     /* event_id, text = error of the PDK call (Kong 2.8) */
	MSG_OTHER, /* method, data = its first parameter: what only other plugin servers know */
	/* our answers */
	MSG_INSTANCE,  /* instance_id, name: answers START_INSTANCE */
	MSG_PDK_CALL,  /* event_id, name = PDK function, data = array of arguments; on a bound
			* connection (codec.h) a bin, the message that they are there; follow */
	MSG_EVENT_END, /* event_id */
	MSG_RESULT,    /* data: answers CLOSE_INSTANCE and OTHER */
	MSG_ERROR,     /* text: answers any call; on a bound connection only events */
	/* notices of ours, valid only just before an answer on a MsgPack connection */
	MSG_SERVER_PID, /* number */
};

/* What follows a PDK call. Where each answer of ours ends our turn (MsgPack:1) it makes no difference. */
enum msg_follow {
	MSG_FOLLOW_RESULT, /* its result, for which we wait */
	MSG_FOLLOW_MORE,   /* more of ours: its result is empty, and may come at any time */
	MSG_FOLLOW_NOTHING /* no result, and nothing more of ours */
};

struct msg {
	enum msg_type type;
	enum msg_follow follow;
	uint64_t id; /* message id (MsgPack) or sequence (ProtoBuf); repeats over connections */
	int64_t instance_id;
	uint64_t event_id;
	int64_t number;
	struct value method; /* the method's name as it came, str */
	struct value name;   /* str */
	struct value text;   /* str */
	struct value data;   /* any */
};

#endif
