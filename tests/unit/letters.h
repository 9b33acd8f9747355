/* letters.h - a codec whose messages are letters, and sessions on socket pairs, for tests of sessions. */
#ifndef TESTS_UNIT_LETTERS_H
#define TESTS_UNIT_LETTERS_H
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "server/reactor.h"
#include "server/session/session.h"

/* A message is a letter: a capital one begins an event, others are answered at once. */
static bool letter_probe(const unsigned char *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	return true;
}

static int letter_frame(void *scan, const struct limits *limits, const unsigned char *bytes,
			size_t n, size_t *ret_size, struct err *err)
{
	(void)scan;
	(void)limits;
	(void)bytes;
	(void)n;
	(void)ret_size;
	return err_set(err, E_MALFORMED, "not read quickly");
}

static size_t letter_quick(const struct limits *limits, const unsigned char *bytes, size_t n,
			   struct msg *ret)
{
	(void)limits;
	(void)n;
	*ret = (struct msg){.id = bytes[0], .type = MSG_STEP};
	if (bytes[0] >= 'A' && bytes[0] <= 'Z')
		ret->type = MSG_HANDLE_EVENT;
	return 1;
}

static int letter_write(struct buf *out, const struct msg *msg, struct err *err)
{
	char letter = (char)msg->id;

	(void)err;
	return msg->type == MSG_SERVER_PID ? -E_UNSUPPORTED : buf_append(out, &letter, 1);
}

static const struct codec letters = {
	.name = "letters",
	.probe = letter_probe,
	.scan_size = 1,
	.frame = letter_frame,
	.quick = letter_quick,
	.write = letter_write,
};
static const struct codec *const letters_alone[] = {&letters, NULL};

static void letters_connect(struct session_env *env, struct session **sessions, int *peers,
			    size_t n)
{
	assert_int_equal(session_env_init(env), 0);
	for (size_t i = 0; i < n; i++) {
		int fds[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
		sessions[i] = session_create(env, fds[0], i, 0);
		assert_non_null(sessions[i]);
		peers[i] = fds[1];
	}
}

static void letters_end(struct session_env *env, struct session **sessions, const int *peers,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		session_destroy(sessions[i]);
		close(peers[i]);
	}
	session_env_fini(env);
	reactor_destroy(env->reactor);
}

#endif
