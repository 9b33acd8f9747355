/* remote_guard.c - ZAP: the server's side, for one socket. */
#include "plugins/remote/remote_guard.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "plugins/plugin.h"
#include "plugins/remote/remote_zmq.h"
#include "protocol/err.h"

#define ASKED_AT "inproc://zeromq.zap.01"
#define TOLD_AT "inproc://kept-out"
#define TOLD_OF (ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
#define PARTS 7 /* of a request: version, its id, domain, address, identity, mechanism, key */
#define PART_MAX 256
#define DOMAIN "outrigger"
#define KEY_BYTES 32
#define LINES_A_SECOND 20

struct request {
	char parts[PARTS][PART_MAX]; /* each with a NUL behind it */
	int sizes[PARTS];
	int count;
};

enum part {
	PART_VERSION,
	PART_ID,
	PART_ADDRESS = 3,
	PART_MECHANISM = 5,
	PART_KEY
};

/* Strangers don't fill the log. */
static void tell(struct remote_guard *guard, const char *text)
{
	const struct pdk_port *port = guard->plugin->env.port;
	time_t now = time(NULL);

	if (now != guard->second)
		guard->lines = 0;
	guard->second = now;
	if (guard->lines++ < LINES_A_SECOND && port != NULL && port->log != NULL)
		port->log(NULL, LOG_LEVEL_WARN, text, strlen(text));
}

/* ---- those who have a key ---- */

static bool receive_part(void *socket, struct request *r)
{
	char spare[PART_MAX];
	char *part = r->count < PARTS ? r->parts[r->count] : spare;
	int more = 0, n = zmq.zmq_recv(socket, part, PART_MAX - 1, ZMQ_DONTWAIT);
	size_t size = sizeof(more);

	if (n < 0)
		return false;
	n = n < PART_MAX ? n : PART_MAX - 1;
	part[n] = '\0';
	if (r->count < PARTS)
		r->sizes[r->count++] = n;
	zmq.zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
	return more != 0;
}

static bool receive(void *socket, struct request *r)
{
	r->count = 0;
	while (receive_part(socket, r))
		;
	return r->count > 0;
}

static bool is_known(const struct remote_guard *guard, const char *key)
{
	for (size_t i = 0; i < guard->peer_count; i++)
		if (strcmp(guard->peers[i], key) == 0)
			return true;
	return false;
}

static bool may_enter(struct remote_guard *guard, const struct request *r)
{
	char key[REMOTE_KEY_SIZE], text[512];

	if (r->count < PARTS || strcmp(r->parts[PART_MECHANISM], "CURVE") != 0 ||
	    r->sizes[PART_KEY] != KEY_BYTES ||
	    zmq.zmq_z85_encode(key, (const unsigned char *)r->parts[PART_KEY], KEY_BYTES) == NULL)
		return false;
	if (is_known(guard, key))
		return true;
	snprintf(text, sizeof(text), "%s was not let in: its public key %s is not in listen_key",
		 r->parts[PART_ADDRESS], key);
	tell(guard, text);
	return false;
}

static void answer(struct remote_guard *guard, const struct request *r)
{
	bool good = may_enter(guard, r);
	const struct {
		const char *text;
		size_t n;
	} parts[] = {{"1.0", 3},
		     {r->parts[PART_ID], (size_t)r->sizes[PART_ID]},
		     {good ? "200" : "400", 3},
		     {"", 0},
		     {"", 0},
		     {"", 0}};
	size_t n = sizeof(parts) / sizeof(parts[0]);

	for (size_t i = 0; i < n; i++)
		zmq.zmq_send(guard->asked, parts[i].text, parts[i].n, i + 1 < n ? ZMQ_SNDMORE : 0);
}

/* ---- those who have none ---- */

/* Both ends see that one has no key, and whoever does first hangs up: then we have only that. */
static const char *explain(unsigned event, unsigned why)
{
	if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
		return "it hung up, or said nothing, before we knew its key: has it one?";
	return why == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
		       ? "it came without a key"
		       : "it has another public key for us, or speaks something else";
}

/* An event is two parts: its number (16 bits) and value (32 bits), and our own address. */
static bool take_event(struct remote_guard *guard)
{
	unsigned char bytes[6];
	char address[PART_MAX], text[512];
	int n = zmq.zmq_recv(guard->told, bytes, sizeof(bytes), ZMQ_DONTWAIT);
	uint16_t event;
	uint32_t why;

	if (n < 0)
		return false;
	n = zmq.zmq_recv(guard->told, address, sizeof(address) - 1, ZMQ_DONTWAIT);
	address[n > 0 ? (n < PART_MAX ? n : PART_MAX - 1) : 0] = '\0';
	memcpy(&event, bytes, sizeof(event));
	memcpy(&why, bytes + sizeof(event), sizeof(why));
	snprintf(text, sizeof(text), "somebody was not let in at %s: %s (ZeroMQ's reason %#x)",
		 address, explain(event, why), (unsigned)why);
	tell(guard, text);
	return true;
}

void remote_guard_look(struct remote_guard *guard)
{
	struct request request;

	if (guard->asked == NULL)
		return;
	while (receive(guard->asked, &request))
		answer(guard, &request);
	while (take_event(guard))
		;
}

/* ---- beginning and end ---- */

static int fail(const char *what, struct err *err)
{
	return err_set(err, E_IO, "ZeroMQ: %s: %s", what, zmq.zmq_strerror(zmq.zmq_errno()));
}

/* ZeroMQ lets in whoever has a key at all where nobody is there to be asked: as long as it listens, we are. */
static int ask_us(struct remote_guard *guard, void *context, struct err *err)
{
	guard->asked = zmq.zmq_socket(context, ZMQ_REP);
	if (guard->asked == NULL || zmq.zmq_bind(guard->asked, ASKED_AT) != 0)
		return fail("can't ask for keys", err);
	return 0;
}

static int tell_us(struct remote_guard *guard, void *context, void *socket, struct err *err)
{
	guard->told = zmq.zmq_socket(context, ZMQ_PAIR);
	if (guard->told == NULL || zmq.zmq_socket_monitor(socket, TOLD_AT, TOLD_OF) != 0 ||
	    zmq.zmq_connect(guard->told, TOLD_AT) != 0)
		return fail("can't watch who comes", err);
	return 0;
}

int remote_guard_init(struct remote_guard *guard, const struct remote_keys *keys, void *context,
		      void *socket, struct err *err)
{
	const int yes = 1;
	int rc;

	if (keys == NULL)
		return 0;
	guard->peers = calloc(keys->peer_count, sizeof(*guard->peers));
	if (guard->peers == NULL)
		return err_set(err, E_NOMEM, "no memory for keys");
	memcpy(guard->peers, keys->peers, keys->peer_count * sizeof(*guard->peers));
	guard->peer_count = keys->peer_count;
	if (zmq.zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &yes, sizeof(yes)) != 0 ||
	    zmq.zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, DOMAIN, strlen(DOMAIN)) != 0 ||
	    zmq.zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret, REMOTE_KEY_SIZE) != 0)
		return fail("the secret key in listen_key is none", err);
	rc = ask_us(guard, context, err);
	return rc == 0 ? tell_us(guard, context, socket, err) : rc;
}

void remote_guard_fini(struct remote_guard *guard)
{
	if (guard->asked != NULL)
		zmq.zmq_close(guard->asked);
	if (guard->told != NULL)
		zmq.zmq_close(guard->told);
	free(guard->peers);
	*guard = (struct remote_guard){0};
}

size_t remote_guard_items(const struct remote_guard *guard, zmq_pollitem_t *items)
{
	if (guard->asked == NULL)
		return 0;
	items[0] = (zmq_pollitem_t){.socket = guard->asked, .events = ZMQ_POLLIN};
	items[1] = (zmq_pollitem_t){.socket = guard->told, .events = ZMQ_POLLIN};
	return 2;
}

size_t remote_guard_fds(const struct remote_guard *guard, int *fds)
{
	size_t size = sizeof(*fds);

	if (guard->asked == NULL || zmq.zmq_getsockopt(guard->asked, ZMQ_FD, &fds[0], &size) != 0 ||
	    zmq.zmq_getsockopt(guard->told, ZMQ_FD, &fds[1], &size) != 0)
		return 0;
	return REMOTE_GUARD_FDS;
}
