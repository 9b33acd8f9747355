/* limit.c - the least that a plugin server must do: one read, one write of prepared bytes, for each turn of
 * the conversation "get_header, set_header, end". What a real server needs more than this is its own.
 *
 *   limit --socket PATH
 *
 * Takes for granted that each read has one whole call of `load`, and knows it by a byte or two. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	NONCE = 16,
	CONNECTIONS = 65536,
	READY = 256
};

/* ProtoBuf: what a connection is waited for, the conversation's turns. */
enum turn {
	EVENT,
	HEADER,
	DONE
};

struct conn {
	enum turn turn;
	unsigned char sequence[10]; /* of the call, as it came */
	size_t sequence_len;
};

static struct conn conns[CONNECTIONS];

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static unsigned char *put(unsigned char *out, const void *bytes, size_t n)
{
	memcpy(out, bytes, n);
	return out + n;
}
#define PUT(out, text) put(out, text, sizeof(text) - 1)

/* ---- MsgPack:1: [0, id, method, params] to [1, id, nil, result] ---- */

/* Bytes of an unsigned integer that begins so. */
static size_t mp_integer_size(unsigned char first)
{
	return first < 0x80 ? 1 : (size_t)1 + ((size_t)1 << (first - 0xcc));
}

enum {
	MP_START = 0xb4,  /* a text as long as plugin.StartInstance */
	MP_HANDLE = 0xb2, /* ... plugin.HandleEvent */
	MP_STEP_DATA =
		1 + sizeof("plugin.Step") - 1 + 1, /* of a step: where its parameter's map is */
	MP_NO_DATA = 0x81,                         /* ... of EventId alone */
};

/* No state: a step may come by another connection than the one before. */
static unsigned char *mp_turn(const unsigned char *in, size_t n, unsigned char *out)
{
	size_t id = mp_integer_size(in[2]);
	const unsigned char *method = in + 2 + id;
	out = PUT(out, "\x94\x01");
	out = put(out, in + 2, id);
	if (*method == MP_START)
		return PUT(out, "\xc0\x81\xa2Id\x01");
	if (*method == MP_HANDLE)
		return PUT(out, "\xc0\x82\xa7"
				"EventId\x01\xa4"
				"Data\x82\xa6Method\xb7kong.request.get_header\xa4"
				"Args\x91\xa5x-one");
	if (method[MP_STEP_DATA] == MP_NO_DATA)
		return PUT(out, "\xc0\x81\xa4"
				"Data\xa3ret");
	out = PUT(out, "\xc0\x81\xa4"
		       "Data\x82\xa6Method\xb8kong.response.set_header\xa4"
		       "Args\x92\xa5x-two\xb0");
	return put(out, in + n - NONCE, NONCE);
}

/* ---- ProtoBuf:1: a length of four bytes, and as many ---- */

enum {
	PB_HEAD = 5,     /* the length, and the tag of the sequence */
	PB_START = 0x8a, /* first byte of the tag of cmd_start_instance */
};

static void pb_keep_sequence(struct conn *c, const unsigned char *in)
{
	const unsigned char *end = in + PB_HEAD;
	while (*end & 0x80)
		end++;
	c->sequence_len = (size_t)(end + 1 - (in + PB_HEAD));
	memcpy(c->sequence, in + PB_HEAD, c->sequence_len);
}

/* A frame of RpcReturn, with what follows its sequence. */
static unsigned char *pb_return(const struct conn *c, const void *rest, size_t n,
				unsigned char *out)
{
	uint32_t length = (uint32_t)(1 + c->sequence_len + n);
	out = put(out, &length, sizeof(length));
	out = PUT(out, "\x08");
	out = put(out, c->sequence, c->sequence_len);
	return put(out, rest, n);
}

static unsigned char *pb_turn(struct conn *c, const unsigned char *in, size_t n, unsigned char *out)
{
	enum turn turn = c->turn;
	if (turn == EVENT) {
		pb_keep_sequence(c, in);
		if (in[PB_HEAD + c->sequence_len] == PB_START)
			return pb_return(c, "\x8a\x02\x02\x10\x01", 5, out);
	}
	c->turn = turn == DONE ? EVENT : turn + 1;
	if (turn == EVENT)
		return PUT(out, "\x17\0\0\0kong.request.get_header\x07\0\0\0\x0a\x05x-one");
	if (turn == DONE)
		return pb_return(c, "", 0, PUT(out, "\0\0\0\0"));
	out = PUT(out, "\x18\0\0\0kong.response.set_header\x1b\0\0\0\x0a\x05x-two\x12\x12\x1a\x10");
	return put(out, in + n - NONCE, NONCE);
}

/* ---- sockets ---- */

static void on_call(int fd)
{
	unsigned char in[4096], out[256];
	ssize_t n = recv(fd, in, sizeof(in), 0);
	if (n < PB_HEAD - 1) {
		close(fd);
		conns[fd] = (struct conn){0};
		return;
	}
	unsigned char *end = in[0] == 0x94 && in[1] == 0 && in[2]
				     ? mp_turn(in, (size_t)n, out)
				     : pb_turn(&conns[fd], in, (size_t)n, out);
	if (send(fd, out, (size_t)(end - out), MSG_NOSIGNAL) != end - out)
		die("send");
}

static int bind_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 4096) < 0)
		die(path);
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event want = {.events = EPOLLIN, .data.fd = fd};
	if (fd < 0 || fd >= CONNECTIONS || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &want) < 0)
		die("epoll_ctl");
}

int main(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[1], "--socket") != 0) {
		fprintf(stderr, "usage: limit --socket PATH\n");
		return 2;
	}
	int listener = bind_to(argv[2]), epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ready[READY];
	watch(epoll, listener);
	for (;;) {
		int n = epoll_wait(epoll, ready, READY, -1);
		for (int i = 0; i < n; i++)
			if (ready[i].data.fd == listener)
				watch(epoll, accept4(listener, NULL, NULL, SOCK_CLOEXEC));
			else
				on_call(ready[i].data.fd);
	}
}
