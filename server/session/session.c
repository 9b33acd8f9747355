#include "server/session/session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/custody/fault.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/session/session_custody.h"
#include "server/session/session_impl.h"
#include "server/socket/peer.h"

#define READ_SIZE ((size_t)4 << 10)     /* asked for at once: most messages are far smaller */
#define READ_SIZE_MAX ((size_t)1 << 20) /* ... for the rest of a large message */

/* While something is unsent no more than READ_SIZE is read; the gateway may read on only when its answers
 * are taken. Those that are owed, frames without content, have to fit in. */
_Static_assert(LIMIT_OWED * sizeof(uint32_t) < READ_SIZE, "both ends would wait for each other");

static void on_ready(void *user, int ready);

int session_env_init(struct session_env *env)
{
	env->scan_size = 1;
	for (const struct codec *const *codec = env->codecs; *codec != NULL; codec++)
		if ((*codec)->scan_size > env->scan_size)
			env->scan_size = (*codec)->scan_size;
	env->scan = calloc(1, env->scan_size);
	arena_init(&env->arena, LIMIT_EVENT_MEMORY);
	env->queue.end = &env->queue.first;
	return env->scan != NULL ? session_batch_init(env) : -E_NOMEM;
}

void session_env_fini(struct session_env *env)
{
	session_batch_fini(env);
	arena_fini(&env->arena);
	shares_fini(&env->memory.shares);
	free(env->scan);
	env->scan = NULL;
}

struct session *session_of_peer(struct session_env *env, int fd, uint64_t number, uint64_t peer)
{
	struct session *s = lines_alloc(sizeof(*s));

	if (s != NULL)
		s->io = reactor_io_create_edge(env->reactor, fd, on_ready, s);
	if (s == NULL || s->io == NULL) {
		free(s);
		close(fd);
		return NULL;
	}
	s->env = env;
	s->fd = fd;
	s->number = number;
	s->peer = peer;
	buf_init(&s->in, env->mem);
	buf_init(&s->out, env->mem);
	s->call_phase = -1;
	session_watch(s);
	return s;
}

struct session *session_create(struct session_env *env, int fd, uint64_t number, int tag)
{
	struct session *s = session_of_peer(env, fd, number, peer_process(fd));

	if (s != NULL)
		s->tag = tag;
	return s;
}

void session_destroy(struct session *s)
{
	if (s == NULL)
		return;
	session_set_memory(s, 0);
	session_unqueue(s);
	session_batch_remove(s);
	reactor_io_destroy(s->io);
	reactor_timer_destroy(s->timer);
	reactor_timer_destroy(s->again);
	reactor_timer_destroy(s->reader);
	/* Somebody may hold a duplicate, so closing alone would not end it. */
	if (!s->released)
		shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	if (s->in.mem == NULL) { /* else the slot is the supervisor's again */
		buf_fini(&s->in);
		buf_fini(&s->out);
	}
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

struct arena *session_arena(struct session *s)
{
	return &s->env->arena;
}

bool session_is_busy(const struct session *s)
{
	return s->busy;
}

bool session_is_lingering(const struct session *s)
{
	return s->state != SESSION_OPEN;
}

/* Writes what it can. False where the peer is gone. */
static bool send_all(struct session *s)
{
	while (buf_len(&s->out) > 0) {
		ssize_t n = send(s->fd, buf_head(&s->out), buf_len(&s->out), MSG_NOSIGNAL);

		FAULT(SENT);
		if (n >= 0) {
			buf_consume(&s->out, (size_t)n);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			break;
		} else if (errno != EINTR) {
			log_line(LOG_LEVEL_INFO, "connection %llu: the gateway is gone: %s",
				 (unsigned long long)s->number, strerror(errno));
			return false;
		}
	}
	return true;
}

void session_flush(struct session *s)
{
	size_t before = buf_len(&s->out);

	if (before == 0)
		return;
	session_note(s, CUSTODY_SENDING);
	FAULT(SEND_DOUBTED);
	if (!send_all(s))
		session_end(s);
	session_note_sent(s, before - buf_len(&s->out));
	FAULT(SEND_NOTED);
}

static size_t next_read_size(const struct session *s)
{
	size_t have = buf_len(&s->in);

	if (have < READ_SIZE)
		return READ_SIZE;
	return have < READ_SIZE_MAX ? have : READ_SIZE_MAX;
}

/* What is known outside stays true until it is noted that the bytes have moved; and the mark of doubt
 * behind them must not touch their old place. */
static int make_room(struct session *s, size_t size)
{
	if (s->has_slot && s->in.start >= buf_len(&s->in) + CUSTODY_MARK_ROOM)
		buf_compact(&s->in);
	return buf_reserve(&s->in, size);
}

/* One read. What it brought where there may be more to read, else 0. */
static size_t fill(struct session *s)
{
	struct err err;
	size_t size;
	ssize_t n;

	/* Before memory is claimed: there may be none because of it. */
	if (s->state != SESSION_OPEN)
		buf_consume(&s->in, buf_len(&s->in));
	size = next_read_size(s);
	s->unread = true; /* until it is read */
	if (!session_claim_memory(s, size) || make_room(s, size) != 0) {
		err_set(&err, E_NOMEM, "no memory for a message of more than %zu bytes",
			buf_len(&s->in));
		session_refuse(s, -E_NOMEM, &err);
		return 0;
	}
	session_note(s, CUSTODY_READING);
	FAULT(READ_DOUBTED);
	n = recv(s->fd, buf_tail(&s->in), size, 0);
	FAULT(READ);
	s->unread = n == (ssize_t)size || (n < 0 && errno == EINTR);
	if (n > 0)
		buf_commit(&s->in, (size_t)n);
	else if (n == 0)
		s->eof = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		session_end(s);
	session_count_memory(s);
	session_note_read(s, n > 0 ? (size_t)n : 0);
	FAULT(READ_NOTED);
	return n == (ssize_t)size ? size : 0;
}

void session_refuse(struct session *s, int rc, const struct err *err)
{
	static struct log_limit limit;

	if (log_is_due(&limit))
		log_line(LOG_LEVEL_WARN, "connection %llu is ended: %s",
			 (unsigned long long)s->number, err_message(err, rc));
	session_abort(s);
}

/* Whether nothing more can come of it. */
static bool is_over(const struct session *s)
{
	if (s->state == SESSION_GONE || (s->state == SESSION_LINGERING && s->eof))
		return true;
	return s->eof && !s->busy && !session_is_waiting(s) && buf_len(&s->out) == 0;
}

static int wanted_events(const struct session *s)
{
	int events = 0;
	bool waits = s->busy || session_is_waiting(s) || buf_len(&s->out) > 0;
	bool full = s->state == SESSION_OPEN && waits && buf_len(&s->in) >= READ_SIZE;
	bool rests = s->paused && s->state == SESSION_OPEN;

	if (!s->eof && !full && !rests)
		events |= REACTOR_READ;
	if (buf_len(&s->out) > 0)
		events |= REACTOR_WRITE;
	return events;
}

/* The loop has told of what is unread, and does not do so again by itself. */
void session_watch(struct session *s)
{
	int events = wanted_events(s);

	reactor_io_set(s->io, events);
	if (s->unread && (events & REACTOR_READ)) {
		s->unread = false;
		reactor_io_again(s->io);
	}
}

static void finish(struct session *s)
{
	const struct session_handler *handler = &s->env->handler;

	if (!s->released && (s->scan != NULL || buf_len(&s->in) > 0))
		log_line(LOG_LEVEL_INFO,
			 "connection %llu: the gateway went away in the middle of a "
			 "call",
			 (unsigned long long)s->number);
	s->has_slot = false;
	handler->on_end(handler->user, s);
	session_destroy(s);
}

void session_settle(struct session *s)
{
	const struct session_handler *handler = &s->env->handler;

	if (s->held > 0)
		return;
	if (s->state == SESSION_CLOSING && buf_len(&s->out) == 0) {
		s->state = SESSION_LINGERING;
		shutdown(s->fd, SHUT_WR);
	}
	if (is_over(s)) {
		finish(s);
		return;
	}
	session_watch(s);
	if (handler->on_rest != NULL && session_may_move(s))
		handler->on_rest(handler->user, s);
}

void session_hold(struct session *s)
{
	s->held++;
}

void session_let_go(struct session *s)
{
	s->held--;
	session_settle(s);
}

void session_read(struct session *s)
{
	s->more = s->state != SESSION_GONE ? fill(s) : 0;
}

/* A large message comes in pieces, each of which is larger than the one before: those that are there are read at once, up
 * to where others get their turn. */
void session_take_in(struct session *s)
{
	size_t taken = s->more;

	session_feed(s);
	while (s->more > 0 && taken < READ_SIZE_MAX && s->state == SESSION_OPEN &&
	       s->scan != NULL) {
		session_read(s);
		taken += s->more;
		session_feed(s);
	}
	s->more = 0;
}

static void on_ready(void *user, int ready)
{
	struct session *s = user;

	if (ready & REACTOR_WRITE)
		session_flush(s);
	session_batch_add(s, (ready & REACTOR_READ) != 0);
}

void session_catch_up(struct session *s)
{
	session_hold(s);
	session_read(s);
	session_take_in(s);
	session_let_go(s);
}
