#include "server/supervisor/ids_link.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "server/reactor.h"

#define PATIENCE 10 /* seconds for which a worker waits */
#define BURST 64.0  /* blocks at once; then one a second: ids are finite, and for all workers */

enum kind {
	KIND_INSTANCES,
	KIND_EVENTS
};

struct request {
	uint32_t kind, number;
};

struct answer {
	uint32_t number; /* of the request: a late one is not that of the next */
	int rc;
	uint64_t first, end;
	struct err err;
};

/* ---- the supervisor ---- */

struct ids_link {
	struct ids_file *ids;
	struct reactor_io *io;
	struct reactor_timer *retry; /* of what waits for the file's lock */
	struct request request;      /* the one that it has made last */
	int tries;                   /* of that */
	int fd;
	double credit, credited_at;
};

static bool has_credit(struct ids_link *link)
{
	double now = reactor_now();

	link->credit += now - link->credited_at;
	link->credited_at = now;
	if (link->credit > BURST)
		link->credit = BURST;
	if (link->credit < 1)
		return false;
	link->credit -= 1;
	return true;
}

static void reserve(struct ids_link *link, struct answer *answer)
{
	uint32_t first = 0, end = 0;

	if (link->request.kind == KIND_EVENTS) {
		answer->rc = ids_file_reserve_events(link->ids, &answer->first, &answer->end,
						     &answer->err);
		return;
	}
	answer->rc = ids_file_reserve_instances(link->ids, &first, &end, &answer->err);
	answer->first = first;
	answer->end = end;
}

static void send_answer(struct ids_link *link, const struct answer *answer)
{
	(void)send(link->fd, answer, sizeof(*answer), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void try(void *user)
{
	struct ids_link *link = user;
	struct answer answer = {.number = link->request.number};

	reserve(link, &answer);
	if (answer.rc == -E_TIMEOUT && link->tries++ < IDS_FILE_TRIES)
		reactor_timer_start(link->retry, IDS_FILE_PAUSE, 0);
	else
		send_answer(link, &answer);
}

static void on_request(void *user, int ready)
{
	struct ids_link *link = user;
	struct request request;
	struct answer answer = {0};
	ssize_t n = recv(link->fd, &request, sizeof(request), MSG_DONTWAIT);

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(request)) {
		reactor_io_set(link->io, 0);
		return;
	}
	link->request = request;
	link->tries = 0;
	if (has_credit(link)) {
		try(link);
		return;
	}
	answer.number = request.number;
	answer.rc = err_set(&answer.err, E_LIMIT, "it takes ids too fast");
	send_answer(link, &answer);
}

int ids_link_create(struct reactor *reactor, struct ids_file *ids, struct ids_link **ret_link,
		    int *ret_fd, struct err *err)
{
	const struct timeval patience = {.tv_sec = PATIENCE};
	struct ids_link *link = calloc(1, sizeof(*link));
	int pair[2];

	if (link == NULL)
		return err_set(err, E_NOMEM, "no memory for a worker");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		free(link);
		return err_set(err, E_IO, "can't make a socket: %s", strerror(errno));
	}
	setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	*link = (struct ids_link){
		.ids = ids, .fd = pair[0], .credit = BURST, .credited_at = reactor_now()};
	link->io = reactor_io_create(reactor, link->fd, on_request, link);
	link->retry = reactor_timer_create(reactor, try, link);
	if (link->io == NULL || link->retry == NULL) {
		ids_link_destroy(link);
		close(pair[1]);
		return err_set(err, E_NOMEM, "no memory for a worker");
	}
	reactor_io_set(link->io, REACTOR_READ);
	*ret_link = link;
	*ret_fd = pair[1];
	return 0;
}

void ids_link_destroy(struct ids_link *link)
{
	if (link == NULL)
		return;
	reactor_io_destroy(link->io);
	reactor_timer_destroy(link->retry);
	close(link->fd);
	free(link);
}

/* ---- the worker ---- */

static int ask(struct ids_source *source, enum kind kind, struct answer *ret, struct err *err)
{
	const struct request request = {(uint32_t)kind, ++source->asked};
	ssize_t n;

	if (send(source->fd, &request, sizeof(request), MSG_NOSIGNAL) != (ssize_t)sizeof(request))
		return -E_CLOSED;
	do
		n = recv(source->fd, ret, sizeof(*ret), 0);
	while ((n < 0 && errno == EINTR) ||
	       (n == (ssize_t)sizeof(*ret) && ret->number != request.number));
	if (n != (ssize_t)sizeof(*ret))
		return -E_CLOSED;
	return ret->rc == 0 ? 0 : err_set(err, (enum err_code)(-ret->rc), "%s", ret->err.text);
}

int ids_source_reserve_instances(void *user, uint32_t *ret_first, uint32_t *ret_end,
				 struct err *err)
{
	struct ids_source *source = user;
	struct answer answer;
	int rc = ask(source, KIND_INSTANCES, &answer, err);

	if (rc == -E_CLOSED)
		return ids_file_reserve_instances(&source->file, ret_first, ret_end, err);
	if (rc == 0) {
		*ret_first = (uint32_t)answer.first;
		*ret_end = (uint32_t)answer.end;
	}
	return rc;
}

int ids_source_reserve_events(void *user, uint64_t *ret_first, uint64_t *ret_end, struct err *err)
{
	struct ids_source *source = user;
	struct answer answer;
	int rc = ask(source, KIND_EVENTS, &answer, err);

	if (rc == -E_CLOSED)
		return ids_file_reserve_events(&source->file, ret_first, ret_end, err);
	if (rc == 0) {
		*ret_first = answer.first;
		*ret_end = answer.end;
	}
	return rc;
}
