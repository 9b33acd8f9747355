#include "tests/lib/fake_gateway.h"
#include <errno.h>
#include <msgpack.h>
#include <string.h>
#include <sys/socket.h>

static void note(struct fake_gateway *g, char letter)
{
	size_t n = strlen(g->got);

	if (n + 1 < sizeof(g->got))
		g->got[n] = letter;
}

static void finish(struct fake_gateway *g, char letter)
{
	note(g, letter);
	g->done = true;
	shutdown(g->fd, SHUT_WR);
}

/* A gateway whose write fails lets the request pass. */
static void say(struct fake_gateway *g, const void *bytes, size_t n)
{
	if (send(g->fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		finish(g, 'S');
}

/* ---- MsgPack:1 ---- */

static void pack_text(msgpack_packer *pk, const char *text)
{
	msgpack_pack_str(pk, strlen(text));
	msgpack_pack_str_body(pk, text, strlen(text));
}

static void pack_pairs(msgpack_packer *pk, const char *key, const char *value,
		       const char *number_key, uint64_t number)
{
	msgpack_pack_map(pk, 2);
	pack_text(pk, key);
	pack_text(pk, value);
	pack_text(pk, number_key);
	msgpack_pack_uint64(pk, number);
}

static void mp_call(struct fake_gateway *g, const char *method, const char *value, uint64_t number)
{
	msgpack_sbuffer bytes;
	msgpack_packer pk;

	msgpack_sbuffer_init(&bytes);
	msgpack_packer_init(&pk, &bytes, msgpack_sbuffer_write);
	msgpack_pack_array(&pk, 4);
	msgpack_pack_int(&pk, 0);
	msgpack_pack_unsigned_long(&pk, ++g->id);
	pack_text(&pk, method);
	msgpack_pack_array(&pk, 1);
	if (strcmp(method, "plugin.StartInstance") == 0) {
		msgpack_pack_map(&pk, 2);
		pack_text(&pk, "Name");
		pack_text(&pk, value);
		pack_text(&pk, "Config");
		pack_text(&pk, "{}");
	} else if (strcmp(method, "plugin.HandleEvent") == 0) {
		pack_pairs(&pk, "EventName", value, "InstanceId", number);
	} else {
		pack_pairs(&pk, "Data", value, "EventId", number);
	}
	say(g, bytes.data, bytes.size);
	msgpack_sbuffer_destroy(&bytes);
}

static void mp_next(struct fake_gateway *g)
{
	g->call++;
	if (g->call <= 2)
		mp_call(g, "plugin.HandleEvent", g->call == 1 ? "access" : "log", 1);
	else
		finish(g, '.');
}

static const msgpack_object *mp_get(const msgpack_object *map, const char *key)
{
	for (uint32_t i = 0; map->type == MSGPACK_OBJECT_MAP && i < map->via.map.size; i++) {
		const msgpack_object_kv *pair = &map->via.map.ptr[i];

		if (pair->key.via.str.size == strlen(key) &&
		    memcmp(pair->key.via.str.ptr, key, strlen(key)) == 0)
			return &pair->val;
	}
	return NULL;
}

static bool mp_is(const msgpack_object *text, const char *wanted)
{
	return text != NULL && text->type == MSGPACK_OBJECT_STR &&
	       text->via.str.size == strlen(wanted) &&
	       memcmp(text->via.str.ptr, wanted, strlen(wanted)) == 0;
}

static void mp_event_answer(struct fake_gateway *g, const msgpack_object *result)
{
	const msgpack_object *data = mp_get(result, "Data"), *event = mp_get(result, "EventId");

	if (mp_is(data, "ret")) {
		note(g, 'e');
		mp_next(g);
	} else if (data != NULL && mp_is(mp_get(data, "Method"), "kong.response.exit")) {
		note(g, 'X');
		mp_next(g);
	} else if (data != NULL && event != NULL) {
		note(g, 'p');
		mp_call(g, "plugin.Step", "value", event->via.u64);
	} else {
		finish(g, 'D');
	}
}

static void mp_message(struct fake_gateway *g, const msgpack_object *msg)
{
	const msgpack_object *parts = msg->via.array.ptr;

	if (msg->type != MSGPACK_OBJECT_ARRAY || msg->via.array.size < 3) {
		finish(g, 'D');
	} else if (parts[0].via.u64 == 2) {
		return; /* a notice */
	} else if (parts[1].via.u64 != g->id || g->done) {
		finish(g, 'D');
	} else if (parts[2].type != MSGPACK_OBJECT_NIL) {
		finish(g, 'E');
	} else if (g->call == 0) {
		note(g, 'i');
		mp_next(g);
	} else {
		mp_event_answer(g, &parts[3]);
	}
}

/* One message; its bytes, or 0. */
static size_t mp_read(struct fake_gateway *g)
{
	msgpack_unpacked result;
	size_t used = 0;

	msgpack_unpacked_init(&result);
	if (msgpack_unpack_next(&result, (const char *)buf_head(&g->in), buf_len(&g->in), &used) ==
	    MSGPACK_UNPACK_SUCCESS)
		mp_message(g, &result.data);
	else
		used = 0;
	msgpack_unpacked_destroy(&result);
	return used;
}

/* ---- ProtoBuf:1 ---- */

#define PB_START "\x16\0\0\0\x08\x02\x8a\x02\x11\x0a\x0bnative_step\x12\x02{}"
#define PB_ACCESS                                        \
	"\x0f\0\0\0\x08\x03\xa2\x02\x0a\x08\x01\x12\x06" \
	"access"
#define PB_LOG "\x0c\0\0\0\x08\x04\xa2\x02\x07\x08\x01\x12\x03log"
#define PB_STRING            \
	"\x03\0\0\0\x0a\x01" \
	"b"
#define PB_LAST_CALL "kong.log.err" /* the first of two that end an event wherever it is */
#define PB_EMPTY "\0\0\0\0"
#define SAY(g, literal) say(g, literal, sizeof(literal) - 1)

static void pb_next(struct fake_gateway *g)
{
	g->call++;
	g->id++;
	g->ends = false;
	if (g->call == 1)
		SAY(g, PB_ACCESS);
	else if (g->call == 2)
		SAY(g, PB_LOG);
	else
		finish(g, '.');
}

static bool pb_is(const unsigned char *frame, size_t n, const char *text)
{
	return n == strlen(text) && memcmp(frame, text, n) == 0;
}

static void pb_return(struct fake_gateway *g, const unsigned char *frame, size_t n)
{
	if (n < 2 || frame[0] != 8 || frame[1] != g->id) {
		finish(g, 'D');
		return;
	}
	note(g, g->call == 0 ? 'i' : 'e');
	pb_next(g);
}

/* The name of a PDK call, then its arguments. */
static void pb_event_frame(struct fake_gateway *g, const unsigned char *frame, size_t n)
{
	if (g->pairs == 0 && n == 0) {
		g->ends = true;
	} else if (g->pairs == 0) {
		g->pairs = pb_is(frame, n, "kong.response.exit")        ? 'X'
			   : pb_is(frame, n, "kong.request.get_header") ? 'p'
									: 'v';
	} else if (g->pairs == 'X') {
		finish(g, 'X'); /* it closes */
	} else {
		note(g, 'p');
		if (g->pairs == 'p')
			SAY(g, PB_STRING);
		else
			SAY(g, PB_EMPTY);
		g->pairs = 0;
	}
}

/* Its pool closes a connection on which anything comes; but that must be no answer. */
static void after_all(struct fake_gateway *g, const unsigned char *frame, size_t n)
{
	if (pb_is(frame, n, PB_LAST_CALL))
		g->pairs = 'U';
	else
		finish(g, 'D');
}

static size_t pb_read(struct fake_gateway *g)
{
	const unsigned char *bytes = buf_head(&g->in);
	uint32_t n;

	if (buf_len(&g->in) < sizeof(n))
		return 0;
	memcpy(&n, bytes, sizeof(n));
	if (buf_len(&g->in) - sizeof(n) < n)
		return 0;
	if (g->done && g->pairs != 'U')
		after_all(g, bytes + sizeof(n), n);
	else if (g->done)
		return sizeof(n) + n;
	else if (g->call == 0 || g->ends)
		pb_return(g, bytes + sizeof(n), n);
	else
		pb_event_frame(g, bytes + sizeof(n), n);
	return sizeof(n) + n;
}

/* ---- both ---- */

void fake_gateway_begin(struct fake_gateway *g, enum fake_wire wire, int fd)
{
	*g = (struct fake_gateway){.wire = wire, .fd = fd};
	if (wire == FAKE_MSGPACK) {
		mp_call(g, "plugin.StartInstance", "native_step", 0);
	} else {
		g->id = 2;
		SAY(g, PB_START);
	}
}

static void on_eof(struct fake_gateway *g)
{
	if (g->done)
		return;
	if (g->wire == FAKE_PROTOBUF)
		finish(g, 'R');
	else
		finish(g, buf_len(&g->in) > 0 ? 'U' : 'S');
}

/* What was said behind an event that it ended itself is not looked at. */
static bool is_deaf(const struct fake_gateway *g)
{
	return g->done && strpbrk(g->got, g->wire == FAKE_PROTOBUF ? "XUR" : "UE") != NULL;
}

void fake_gateway_read(struct fake_gateway *g)
{
	ssize_t n;

	do {
		size_t used;

		if (buf_reserve(&g->in, 4096) != 0)
			return;
		n = recv(g->fd, buf_tail(&g->in), 4096, MSG_DONTWAIT);
		if (n > 0)
			buf_commit(&g->in, (size_t)n);
		while (!is_deaf(g) && buf_len(&g->in) > 0 &&
		       (used = g->wire == FAKE_MSGPACK ? mp_read(g) : pb_read(g)) > 0)
			buf_consume(&g->in, used);
	} while (n > 0);
	if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK))
		on_eof(g);
}

void fake_gateway_fini(struct fake_gateway *g)
{
	buf_fini(&g->in);
}
