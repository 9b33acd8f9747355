/* fake_gateway.h - one connection of the gateway: starts an instance, then has an access and a log event.
 *
 * It notes what it got, a letter each, as the real one would understand it:
 *   i  an instance          p  a PDK call, which it answers      e  the event's end
 *   X  kong.response.exit   E  an error                          U  an end that fails the request
 *   R  an end on which the event is tried again (ProtoBuf:1)
 * and what must never be:
 *   S  an end that lets the request pass (MsgPack:1)             D  an answer to nothing */
#ifndef TESTS_LIB_FAKE_GATEWAY_H
#define TESTS_LIB_FAKE_GATEWAY_H
#include <stdbool.h>
#include "protocol/buf.h"

enum fake_wire {
	FAKE_MSGPACK,
	FAKE_PROTOBUF
};

struct fake_gateway {
	enum fake_wire wire;
	int fd; /* non-blocking; borrowed */
	struct buf in;
	char got[64];
	unsigned call;    /* 0 = start, 1 = access, 2 = log, 3 = none any more */
	unsigned long id; /* of the call that waits */
	unsigned pairs;   /* ProtoBuf: frames of the PDK call so far */
	bool ends;        /* ProtoBuf: the event's end has come, its return has not */
	bool done;
};

void fake_gateway_begin(struct fake_gateway *g, enum fake_wire wire, int fd);
/* Reads what is there, and says what follows from it. */
void fake_gateway_read(struct fake_gateway *g);
void fake_gateway_fini(struct fake_gateway *g);

#endif
