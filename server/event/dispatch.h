/* dispatch.h - a call of the gateway to the function that serves it (rpc.def).
 *
 * Each function answers its call, at once or later (turn.h). */
#ifndef SERVER_EVENT_DISPATCH_H
#define SERVER_EVENT_DISPATCH_H
#include <stdbool.h>
#include "protocol/msg.h"

struct err;
struct session;
struct worker;

/* struct session_handler's functions; `user` is the worker. */
void dispatch_call(void *user, struct session *s, const struct msg *msg);
void dispatch_bad_call(void *user, struct session *s, const struct msg *msg, int rc,
		       const struct err *err);

#define RPC(type, function) \
	void function(struct worker *w, struct session *s, const struct msg *msg);
#define RPC_METHOD(name, function) RPC(0, function)
/* The functions of rpc.def. A row that is used twice declares its function twice. */
#include "server/event/rpc.def"

/* Whether the call is an event's. One whose method can't be read may have been, so it is refused as one. */
bool dispatch_may_be_event(const struct msg *msg);
/* Answers with a value, or with an error. */
void dispatch_answer(struct session *s, const struct msg *call, struct value data);
void dispatch_answer_error(struct session *s, const struct msg *call, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
