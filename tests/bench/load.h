/* load.h - a load generator that plays the gateway on a plugin socket (MsgPack:1).
 *
 * Each connection runs one event after another, as a pooled connection of the gateway does. What an
 * event does is its instance's conf, {"mode": NAME}; what the gateway does then is in struct load_mode. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H
#include <stdbool.h>
#include <stdint.h>
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/value.h"

/* How the played gateway treats an event of a mode. */
struct load_mode {
	const char *name;
	unsigned share;   /* of 1000 events */
	int vanish_step;  /* the gateway never answers this step (1 = first); 0 = it answers all */
	bool close;       /* ... and closes the connection instead */
	const char *end;  /* how a right event ends: "ret", or the terminal call's name */
	unsigned steps;   /* answered steps of a right event */
	int64_t instance; /* its id, once started */
};

struct load_totals {
	uint64_t events, steps, wrong, failed, reconnects;
	char first_wrong[256];
};

struct load_conn {
	int fd;
	struct buf in, out;
	struct load_mode *mode; /* of the event that runs */
	unsigned step;          /* steps answered so far */
	uint64_t event_id;
	uint64_t msg_id;
	unsigned char scan[16384]; /* mp_frame's state */
};

/* load_wire.c: the gateway's messages. Each appends to c->out; 0 or -E_NOMEM. */
int load_write_start(struct load_conn *c, struct arena *arena, const char *plugin,
		     const char *mode);
int load_write_event(struct load_conn *c, struct arena *arena, int64_t instance);
int load_write_step(struct load_conn *c, struct arena *arena, const char *method);
/* The next whole answer in c->in: 1 with *ret (borrowing c->in and the arena) and its size, 0 for more
 * bytes needed, negative when it is no answer. */
int load_read_answer(struct load_conn *c, struct arena *arena, struct value *ret, size_t *ret_size);

#endif
