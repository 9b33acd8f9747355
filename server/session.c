#include "server/session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"
#include "server/peer.h"
#include "server/reactor.h"

#define READ_SIZE ((size_t)4 << 10)     /* asked for at once: most messages are far smaller */
#define READ_SIZE_MAX ((size_t)1 << 20) /* ... for the rest of a large message */
#define UNFINISHED "\x94"               /* begins an array of four, as an answer does */
/* On a bound connection: the frames of a function that isn't there, whose name is what Kong logs. That
 * fails the request; an end without it would be taken for a reason to try again. */
#define UNFINISHED_EVENT "\x14\0\0\0outrigger has to end\0\0\0\0"
#define DETECT_SIZE ((size_t)5)        /* bytes that tell the formats apart */
#define OWED_MAX 256                   /* results of void calls that are not waited for */
#define UNSENT_MAX ((size_t)256 << 10) /* bytes that wait for company */

enum session_state {
	SESSION_OPEN,
	SESSION_CLOSING,   /* has yet to write its last bytes; drops what it reads */
	SESSION_LINGERING, /* everything is said: reads and drops until the peer closes */
	SESSION_GONE,      /* to be freed as soon as nobody holds it */
};

struct session {
	struct session_env *env;
	struct reactor_io *io;
	struct reactor_timer *timer; /* of lingering; NULL before */
	const struct codec *codec;   /* of the last call; NULL before the first */
	void *scan;                  /* of a message that comes in pieces; NULL = none has begun */
	struct buf in, out;
	uint64_t number;
	uint64_t peer;    /* the process at the other end; 0 = unknown */
	uint64_t awaited; /* id of the call that waits, if busy */
	struct session_turn turn;
	enum session_state state;
	int tag;
	int fd;
	bool busy;     /* a call waits */
	bool in_event; /* ... which is an event's, or was: more may be said */
	bool greeted;  /* the generation was told */
	bool expected; /* not to be retired the next time */
	bool eof;      /* the peer sends no more */
	bool held;     /* somebody below on the stack will settle it */
};

static void settle(struct session *s);
static void on_ready(void *user, int ready);

int session_env_init(struct session_env *env)
{
	env->scan_size = 1;
	for (const struct codec *const *codec = env->codecs; *codec != NULL; codec++)
		if ((*codec)->scan_size > env->scan_size)
			env->scan_size = (*codec)->scan_size;
	env->scan = calloc(1, env->scan_size);
	arena_init(&env->arena, LIMIT_EVENT_MEMORY);
	return env->scan != NULL ? 0 : -E_NOMEM;
}

void session_env_fini(struct session_env *env)
{
	arena_fini(&env->arena);
	free(env->scan);
	env->scan = NULL;
}

struct session *session_create(struct session_env *env, int fd, uint64_t number, int tag)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->io = reactor_io_create(env->reactor, fd, on_ready, s);
	if (s == NULL || s->io == NULL) {
		free(s);
		close(fd);
		return NULL;
	}
	s->env = env;
	s->fd = fd;
	s->number = number;
	s->peer = peer_process(fd);
	s->tag = tag;
	buf_init(&s->in, env->mem);
	buf_init(&s->out, env->mem);
	reactor_io_set(s->io, REACTOR_READ);
	return s;
}

void session_destroy(struct session *s)
{
	if (s == NULL)
		return;
	reactor_io_destroy(s->io);
	reactor_timer_destroy(s->timer);
	/* Somebody may hold a duplicate, so closing alone would not end it. */
	shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	buf_fini(&s->in);
	buf_fini(&s->out);
	free(s->scan);
	free(s);
}

uint64_t session_number(const struct session *s)
{
	return s->number;
}

uint64_t session_peer(const struct session *s)
{
	return s->peer;
}

int session_tag(const struct session *s)
{
	return s->tag;
}

const struct codec *session_codec(const struct session *s)
{
	return s->codec;
}

bool session_awaits(const struct session *s, uint64_t id)
{
	return s->busy && s->awaited == id;
}

uint64_t session_event(const struct session *s)
{
	return s->turn.asked ? s->turn.event : 0;
}

bool session_may_go_on(const struct session *s)
{
	return codec_is_bound(s->codec) && s->turn.owed < OWED_MAX && buf_len(&s->out) < UNSENT_MAX;
}

bool session_is_busy(const struct session *s)
{
	return s->busy;
}

bool session_is_lingering(const struct session *s)
{
	return s->state != SESSION_OPEN;
}

static void end(struct session *s)
{
	s->busy = false;
	s->state = SESSION_GONE;
}

/* Writes what it can. */
static void flush(struct session *s)
{
	while (buf_len(&s->out) > 0) {
		ssize_t n = send(s->fd, buf_head(&s->out), buf_len(&s->out), MSG_NOSIGNAL);

		if (n >= 0) {
			buf_consume(&s->out, (size_t)n);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			return;
		} else if (errno != EINTR) {
			log_line(LOG_LEVEL_INFO, "connection %llu: the gateway is gone: %s",
				 (unsigned long long)s->number, strerror(errno));
			end(s);
			return;
		}
	}
}

static size_t next_read_size(const struct session *s)
{
	size_t have = buf_len(&s->in);

	if (have < READ_SIZE)
		return READ_SIZE;
	return have < READ_SIZE_MAX ? have : READ_SIZE_MAX;
}

/* One read. */
static void fill(struct session *s)
{
	size_t size = next_read_size(s);
	ssize_t n;

	if (s->state != SESSION_OPEN)
		buf_consume(&s->in, buf_len(&s->in));
	if (buf_reserve(&s->in, size) != 0) {
		log_line(LOG_LEVEL_ERR,
			 "connection %llu: no memory for a message of more than %zu "
			 "bytes",
			 (unsigned long long)s->number, buf_len(&s->in));
		session_abort(s);
		return;
	}
	n = recv(s->fd, buf_tail(&s->in), size, 0);
	if (n > 0)
		buf_commit(&s->in, (size_t)n);
	else if (n == 0)
		s->eof = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		end(s);
}

/* What can't be understood ends the session, said once in the log. */
static void refuse(struct session *s, int rc, const struct err *err)
{
	log_line(LOG_LEVEL_WARN, "connection %llu is ended: %s", (unsigned long long)s->number,
		 err_message(err, rc));
	session_abort(s);
}

/* The format that the next call may be of; the first one where it may be of several, which few bytes may. */
static const struct codec *detect(const struct session *s, size_t *ret_count)
{
	const struct codec *found = NULL;

	*ret_count = 0;
	for (const struct codec *const *codec = s->env->codecs; *codec != NULL; codec++) {
		if (!(*codec)->probe(buf_head(&s->in), buf_len(&s->in)))
			continue;
		found = found != NULL ? found : *codec;
		(*ret_count)++;
	}
	return found;
}

/* A message that comes in pieces has a state of its own; else the shared one, which is zero in between,
 * does. 1 and *ret_size, 0 for more bytes needed, or an error. */
static int find_frame(struct session *s, size_t *ret_size, struct err *err)
{
	struct session_env *env = s->env;
	void *scan = s->scan != NULL ? s->scan : env->scan;
	int rc = s->codec->frame(scan, &env->limits, buf_head(&s->in), buf_len(&s->in), ret_size,
				 err);

	if (rc == 0 && s->scan == NULL) {
		s->scan = malloc(env->scan_size);
		if (s->scan == NULL)
			rc = -E_NOMEM;
		else
			memcpy(s->scan, env->scan, env->scan_size);
	}
	if (rc != 0 && s->scan != NULL) {
		free(s->scan);
		s->scan = NULL;
	}
	if (rc <= 0 && scan == env->scan)
		memset(scan, 0, env->scan_size);
	return rc;
}

/* A frame that is no call: a result, in the order of the PDK calls. */
static void hand_on_result(struct session *s, size_t size)
{
	const struct session_handler *handler = &s->env->handler;
	struct session_turn *turn = &s->turn;
	struct msg msg = {.id = turn->sequence, .event_id = turn->event};
	struct err err;

	if (turn->owed > 0) {
		turn->owed--;
	} else if (turn->asked) {
		s->codec->read_result(buf_head(&s->in), size, &msg);
		turn->asked = false;
		s->busy = true;
		s->awaited = msg.id;
		handler->on_call(handler->user, s, &msg);
	} else {
		err_set(&err, E_MALFORMED, "a result of a call that has none");
		refuse(s, -E_MALFORMED, &err);
	}
}

static bool expects_result(const struct session *s)
{
	return s->turn.owed > 0 || s->turn.asked || s->turn.ended;
}

static void hand_on(struct session *s, size_t size)
{
	const struct session_handler *handler = &s->env->handler;
	struct err err = {""};
	struct msg msg = {.type = MSG_OTHER};
	bool id_known = false;
	int rc = s->codec->read(buf_head(&s->in), size, &s->env->arena, &msg, &id_known, &err);

	if (rc != 0 && !id_known) {
		refuse(s, rc, &err);
		return;
	}
	s->busy = true;
	s->in_event = msg.type == MSG_HANDLE_EVENT;
	s->awaited = msg.id;
	if (rc == 0)
		handler->on_call(handler->user, s, &msg);
	else
		handler->on_bad_call(handler->user, s, &msg, rc, &err);
}

static bool may_read_on(const struct session *s)
{
	return s->state == SESSION_OPEN && !s->busy && buf_len(&s->out) == 0 && buf_len(&s->in) > 0;
}

/* Makes sure of the next message's format. false where more bytes are needed, or where there is none. */
static bool choose_codec(struct session *s)
{
	const struct codec *found;
	struct err err;
	size_t count;

	if (s->scan != NULL || expects_result(s))
		return true;
	found = detect(s, &count);
	if (found == NULL) {
		err_set(&err, E_MALFORMED, "its bytes begin no message (0x%02x)",
			*buf_head(&s->in));
		refuse(s, -E_MALFORMED, &err);
		return false;
	}
	if ((count > 1 || codec_is_bound(found)) && buf_len(&s->in) < DETECT_SIZE)
		return false;
	s->codec = found;
	return true;
}

/* Hands on one message; false when there is none. */
static bool feed_one(struct session *s)
{
	struct err err = {""};
	size_t size = 0;
	int rc;

	if (!choose_codec(s))
		return false;
	rc = find_frame(s, &size, &err);
	if (rc < 0)
		refuse(s, rc, &err);
	if (rc <= 0)
		return false;
	if (expects_result(s))
		hand_on_result(s, size);
	else
		hand_on(s, size);
	arena_reset(&s->env->arena);
	buf_consume(&s->in, size);
	return true;
}

static void feed(struct session *s)
{
	while (may_read_on(s) && feed_one(s))
		flush(s);
}

static void on_linger_end(void *user)
{
	struct session *s = user;

	end(s);
	settle(s);
}

static void start_timer(struct session *s)
{
	s->timer = reactor_timer_create(s->env->reactor, on_linger_end, s);
	if (s->timer != NULL)
		reactor_timer_start(s->timer, s->env->linger, 0);
	else
		end(s);
}

/* Whether nothing more can come of it. */
static bool is_over(const struct session *s)
{
	if (s->state == SESSION_GONE || (s->state == SESSION_LINGERING && s->eof))
		return true;
	return s->eof && !s->busy && buf_len(&s->out) == 0;
}

static int wanted_events(const struct session *s)
{
	int events = 0;
	bool full = s->state == SESSION_OPEN && (s->busy || buf_len(&s->out) > 0) &&
		    buf_len(&s->in) >= READ_SIZE;

	if (!s->eof && !full)
		events |= REACTOR_READ;
	if (buf_len(&s->out) > 0)
		events |= REACTOR_WRITE;
	return events;
}

/* After anything has happened, and not from within the handler: what to wait for next, or the end. */
static void settle(struct session *s)
{
	const struct session_handler *handler = &s->env->handler;

	if (s->state == SESSION_CLOSING && buf_len(&s->out) == 0) {
		s->state = SESSION_LINGERING;
		shutdown(s->fd, SHUT_WR);
	}
	if (!is_over(s)) {
		reactor_io_set(s->io, wanted_events(s));
		return;
	}
	if (s->scan != NULL || buf_len(&s->in) > 0)
		log_line(LOG_LEVEL_INFO,
			 "connection %llu: the gateway went away in the middle of a "
			 "call",
			 (unsigned long long)s->number);
	handler->on_end(handler->user, s);
	session_destroy(s);
}

static void on_ready(void *user, int ready)
{
	struct session *s = user;

	s->held = true;
	if (ready & REACTOR_WRITE)
		flush(s);
	if ((ready & REACTOR_READ) && s->state != SESSION_GONE)
		fill(s);
	feed(s);
	s->held = false;
	settle(s);
}

static int tell_generation(struct session *s)
{
	struct msg hello = {.type = MSG_SERVER_PID, .number = s->env->generation};

	return s->codec->write(&s->out, &hello, NULL);
}

/* Before the first answer on a connection, and in the same write: only then does the gateway read it. */
static int greet(struct session *s)
{
	int rc;

	if (s->greeted)
		return 0;
	rc = tell_generation(s);
	s->greeted = rc == 0 || rc == -E_UNSUPPORTED;
	return rc == -E_UNSUPPORTED ? 0 : rc;
}

/* What the answer changes in what comes next. */
static void advance(struct session *s, const struct msg *msg)
{
	struct session_turn *turn = &s->turn;
	bool is_call = msg->type == MSG_PDK_CALL;

	s->busy = is_call && msg->follow == MSG_FOLLOW_MORE && codec_is_bound(s->codec);
	if (!codec_is_bound(s->codec))
		return;
	turn->event = msg->event_id;
	turn->sequence = msg->id;
	turn->owed += s->busy;
	turn->asked = is_call && msg->follow == MSG_FOLLOW_RESULT;
	turn->ended = msg->type == MSG_ERROR || (is_call && msg->follow == MSG_FOLLOW_NOTHING);
	s->in_event = s->busy || turn->asked;
}

int session_answer(struct session *s, const struct msg *msg, struct err *err)
{
	size_t before = buf_len(&s->out);
	bool greeted = s->greeted;
	int rc;

	if (!session_awaits(s, msg->id) || s->state != SESSION_OPEN)
		return err_set(err, E_CLOSED, "the gateway has gone away");
	rc = greet(s);
	if (rc == 0)
		rc = s->codec->write(&s->out, msg, err);
	if (rc != 0) {
		s->greeted = greeted;
		buf_truncate(&s->out, before);
		return rc;
	}
	advance(s, msg);
	if (s->held || s->busy)
		return 0;
	s->held = true;
	flush(s);
	feed(s);
	s->held = false;
	settle(s);
	return 0;
}

void session_flush(struct session *s)
{
	if (s->state == SESSION_OPEN)
		flush(s);
}

static bool is_bound(const struct session *s)
{
	return s->codec != NULL && codec_is_bound(s->codec);
}

static bool is_idle(const struct session *s)
{
	return s->state == SESSION_OPEN && s->greeted && !s->busy && !expects_result(s) &&
	       buf_len(&s->in) == 0 && buf_len(&s->out) == 0;
}

void session_expect(struct session *s)
{
	s->expected = true;
}

void session_retire(struct session *s)
{
	bool expected = s->expected;

	s->expected = false;
	if (expected || !is_idle(s))
		return;
	if (is_bound(s)) { /* there the gateway tries again where it meets the end */
		session_abort(s);
		return;
	}
	if (tell_generation(s) != 0)
		return;
	flush(s);
	settle(s);
}

/* A half-written answer of MsgPack:1 is unfinished as it is. */
static void say_unfinished(struct session *s)
{
	if (is_bound(s) && s->in_event)
		buf_append(&s->out, UNFINISHED_EVENT, sizeof(UNFINISHED_EVENT) - 1);
	else if (!is_bound(s) && buf_len(&s->out) == 0)
		buf_append_str(&s->out, UNFINISHED);
	flush(s);
}

void session_abort(struct session *s)
{
	if (s->state != SESSION_OPEN)
		return;
	s->state = SESSION_CLOSING;
	s->busy = false;
	start_timer(s);
	say_unfinished(s);
	if (!s->held)
		settle(s);
}

void session_abandon(struct session *s)
{
	if (s->state == SESSION_OPEN)
		say_unfinished(s);
	session_destroy(s);
}

void session_abandon_now(const struct session *s)
{
	if (s->state != SESSION_OPEN)
		return;
	if (is_bound(s) && s->in_event)
		(void)send(s->fd, UNFINISHED_EVENT, sizeof(UNFINISHED_EVENT) - 1,
			   MSG_NOSIGNAL | MSG_DONTWAIT);
	else if (!is_bound(s) && s->out.end == s->out.start)
		(void)send(s->fd, UNFINISHED, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}
