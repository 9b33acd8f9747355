/* load.h - a load generator that plays the gateway on a plugin socket, over MsgPack:1 or ProtoBuf:1.
 *
 * Glossary: a *mode* is how the played gateway treats an event; which one belongs to an event is decided by
 * its instance. What a plugin reads by get_header is a *nonce*, new for each event, and what it sets by
 * set_header must be that nonce. Each call is checked, not only counted: load_check.c.
 *
 * Connections: as many events are in flight as there are `connections`. The gateway takes the connection that was given
 * back last from its pool for each call, so that one serves all calls of an event whose PDK functions don't yield, and then
 * another event: this is what happens here, too. With `rotate` each call goes by the one that was given back first, of
 * twice as many, as calls of many events at once may; with `fresh` each event has a new one.
 *
 * Works against any plugin server: what it asks of the plugin is that it does these calls. */
#ifndef TESTS_BENCH_LOAD_H
#define TESTS_BENCH_LOAD_H
#include <stdbool.h>
#include <stdint.h>
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/mp.h"
#include "protocol/value.h"
#include "tests/bench/histogram.h"

enum {
	LOAD_NONCE = 16,
};

/* How the played gateway treats an event of a mode. */
struct load_mode {
	const char *name;
	const char *conf; /* a JSON object */
	unsigned share;   /* of 1000 events */
	int vanish_step;  /* the gateway never answers this step (1 = first); 0 = it answers all */
	bool close;       /* ... and closes the connection instead */
	const char *end;  /* how a right event ends: "ret", or the terminal call's name */
	int steps;        /* calls of a right event, the terminal one not counted */
	const char *last; /* the last of them; those before it read headers */
	int64_t *instances; /* their ids, once started */
};

struct load_event {
	const struct load_mode *mode;
	int step;           /* calls heard so far */
	uint64_t began;     /* ns */
	uint64_t server_id; /* MsgPack: as the server names it */
	char nonce[LOAD_NONCE + 1];
};

struct load_conn {
	int fd;
	struct buf in, out;
	struct load_event event; /* that runs on it */
	uint64_t message;        /* the last that was named */
	int expects;             /* load_pb.c's */
	char method_text[64];    /* load_pb.c's: of the call whose arguments are to come */
	_Alignas(max_align_t) unsigned char scan[MP_SCAN_SIZE]; /* mp_frame's state */
};

/* What the server has said. */
struct load_heard {
	enum load_heard_type {
		HEARD_NOTHING, /* half of something, or a notice */
		HEARD_STARTED, /* id: of an instance */
		HEARD_CALL, /* method; first and last: of its arguments, where they are texts, else nil */
		HEARD_END,
		HEARD_ERROR, /* last */
	} type;
	int64_t id;
	struct value method, first, last;
};

/* A protocol. What it writes is appended to c->out: 0 or -E_NOMEM. */
struct load_wire {
	const char *name;
	int (*start)(struct load_conn *c, const char *plugin, const char *conf);
	int (*event)(struct load_conn *c, int64_t instance, const char *phase);
	/* The answer to a call: a text, bytes (VALUE_BIN) or nil. */
	int (*step)(struct load_conn *c, const struct value *method, const struct value *ret);
	/* The next whole message in c->in: 1 with what it says (borrowing c->in and the arena) and its
	 * size, 0 for more bytes needed, negative when it is none. */
	int (*read)(struct load_conn *c, struct arena *arena, struct load_heard *ret,
		    size_t *ret_size);
};
extern const struct load_wire load_mp, load_pb;

struct load_totals {
	uint64_t events, steps, wrong, reconnects;
	char first_wrong[256];
};

struct load {
	const struct load_wire *wire;
	const char *socket, *plugin, *phase;
	struct load_mode *modes;
	unsigned n_modes;
	unsigned connections, idle; /* in use, and merely open */
	unsigned instances;         /* of each mode */
	size_t body;                /* bytes that get_raw_body answers */
	bool fresh;                 /* a new connection for each event */
	bool rotate;                /* another connection for each call; MsgPack */
	bool busy;                  /* never sleeps: looks for answers again and again */
	unsigned rate;              /* events a second at most; 0 = as many as it takes */

	uint64_t begun, wanted; /* events in all */
	uint64_t run_began;     /* ns */
	uint64_t run_first;     /* begun by then */
	int running;            /* slots with an event under way */
	int epoll;
	struct load_conn *conns;
	struct load_conn **
		spare; /* rotate: a ring of `connections`, the one that was given back first at spare[next] */
	unsigned next_spare;
	int *idle_fds;
	char *body_bytes;
	struct arena arena;
	struct load_totals totals;
	struct histogram latency;
};

/* load_check.c: what is wrong with the call that the server has made, as the event's step-th; NULL where nothing is. */
const char *load_check(const struct load_event *event, const struct load_heard *call);

/* load.c. All end the program with a sentence when the server can't be talked to. */
void load_start(struct load *l);
void load_run(struct load *l, uint64_t events);
void load_stop(struct load *l);

/* load_conn.c: its socket. */
enum {
	LOAD_ANSWER_MS = 60000 /* longest wait for an answer */
};
void load_open(const struct load *l, struct load_conn *c);
void load_close(struct load_conn *c);
void load_flush(struct load_conn *c);
/* Has the bytes that are there in c->in. */
void load_receive(struct load_conn *c);
void load_wait_and_receive(struct load_conn *c);
int load_connect(const char *path);
_Noreturn void load_die(const char *what);

#endif
