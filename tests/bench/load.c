/* load.c - the played gateway: begins events, answers their calls, checks what it hears. */
#include "tests/bench/load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
	READY = 256
};

static uint64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static const struct load_mode *pick(const struct load *l)
{
	uint64_t slot = l->begun * 7919 % 1000; /* 7919 is prime: each share is met evenly */
	const struct load_mode *mode = l->modes;
	while (l->n_modes > 1 && slot >= mode->share)
		slot -= mode++->share;
	return mode;
}

/* Waits until the rate allows another event. */
static void pace(const struct load *l)
{
	if (l->rate == 0)
		return;
	uint64_t due = l->run_began + (l->begun - l->run_first) * 1000000000 / l->rate;
	uint64_t t = now();
	if (t >= due)
		return;
	struct timespec rest = {.tv_sec = (time_t)((due - t) / 1000000000),
				.tv_nsec = (long)((due - t) % 1000000000)};
	nanosleep(&rest, NULL);
}

/* The connection of the event's next call, the last one having been c's: that, or the spare that has waited longest. */
static struct load_conn *next_conn(struct load *l, struct load_conn *c)
{
	if (!l->rotate)
		return c;
	struct load_conn *next = l->spare[l->next_spare];
	l->spare[l->next_spare] = c;
	l->next_spare = (l->next_spare + 1) % l->connections;
	next->event = c->event;
	return next;
}

/* Begins the next event, or none when all have begun. */
static void event_begin(struct load *l, struct load_conn *c)
{
	if (l->begun == l->wanted) {
		l->running--;
		return;
	}
	pace(l);
	c = next_conn(l, c);
	struct load_event *event = &c->event;
	*event = (struct load_event){.mode = pick(l)};
	snprintf(event->nonce, sizeof(event->nonce), "%0*llx", LOAD_NONCE,
		 (unsigned long long)l->begun);
	event->began = now();
	l->wire->event(c, event->mode->instances[l->begun++ % l->instances], l->phase);
	load_flush(c);
}

static void reopen(struct load *l, struct load_conn *c)
{
	load_close(c);
	load_open(l, c);
	l->totals.reconnects++;
}

static void event_end(struct load *l, struct load_conn *c)
{
	l->totals.events++;
	histogram_add(&l->latency, now() - c->event.began);
	if (l->fresh)
		reopen(l, c);
	event_begin(l, c);
}

static void wrong(struct load *l, const struct load_conn *c, const char *what)
{
	if (!l->totals.wrong++)
		snprintf(l->totals.first_wrong, sizeof(l->totals.first_wrong),
			 "mode %s, step %d: %s", c->event.mode->name, c->event.step, what);
}

/* The gateway stops talking about this event: it forgets it, or its connection breaks. */
static void event_vanish(struct load *l, struct load_conn *c)
{
	if (c->event.mode->close)
		reopen(l, c);
	event_end(l, c);
}

/* What the gateway's function returns. */
static struct value result_of(const struct load *l, const struct load_conn *c,
			      const struct value *method)
{
	if (value_text_is(method, "kong.request.get_header"))
		return value_strn(c->event.nonce, LOAD_NONCE);
	if (value_text_is(method, "kong.request.get_raw_body"))
		return (struct value){
			.type = VALUE_BIN, .len = (uint32_t)l->body, .s = l->body_bytes};
	return value_nil();
}

static void on_end(struct load *l, struct load_conn *c, const char *end)
{
	const struct load_mode *mode = c->event.mode;
	if (strcmp(mode->end, end) != 0 || c->event.step != mode->steps)
		wrong(l, c, "unexpected end");
	event_end(l, c);
}

static void on_call(struct load *l, struct load_conn *c, const struct load_heard *heard)
{
	if (value_text_is(&heard->method, "kong.response.exit")) {
		on_end(l, c, "kong.response.exit");
		return;
	}
	c->event.step++;
	const char *fault = load_check(&c->event, heard);
	if (fault)
		wrong(l, c, fault);
	if (c->event.step == c->event.mode->vanish_step) {
		event_vanish(l, c);
		return;
	}
	c = next_conn(l, c);
	struct value ret = result_of(l, c, &heard->method);
	l->wire->step(c, &heard->method, &ret);
	load_flush(c);
	l->totals.steps++;
}

static void on_heard(struct load *l, struct load_conn *c, const struct load_heard *heard)
{
	switch (heard->type) {
	case HEARD_CALL:
		on_call(l, c, heard);
		break;
	case HEARD_END:
		on_end(l, c, "ret");
		break;
	case HEARD_ERROR:
		wrong(l, c, "an error was answered");
		event_end(l, c);
		break;
	case HEARD_NOTHING:
	case HEARD_STARTED:
		break;
	}
}

/* The next thing that was said and is no half: 1, or 0 for more bytes needed. */
static int hear(struct load *l, struct load_conn *c, struct load_heard *ret, size_t *ret_size)
{
	*ret = (struct load_heard){0};
	int rc = buf_len(&c->in) ? l->wire->read(c, &l->arena, ret, ret_size) : 0;
	if (rc < 0) {
		fprintf(stderr, "the server said something that is no answer\n");
		exit(1);
	}
	return rc;
}

static void conn_read(struct load *l, struct load_conn *c)
{
	struct load_heard heard;
	size_t size;
	int fd = c->fd;
	load_receive(c);
	while (hear(l, c, &heard, &size)) {
		uint64_t reconnects = l->totals.reconnects;
		on_heard(l, c, &heard);
		arena_reset(&l->arena);
		if (c->fd != fd || l->totals.reconnects != reconnects)
			return; /* its bytes went with the connection */
		buf_consume(&c->in, size);
	}
}

static _Noreturn void refused(const struct load_heard *heard)
{
	if (heard->type == HEARD_ERROR && value_is_text(&heard->last))
		fprintf(stderr, "StartInstance was refused: %.*s\n", (int)heard->last.len,
			heard->last.s);
	else
		fputs("StartInstance was answered by something that names no instance\n", stderr);
	exit(1);
}

static int64_t start_instance(struct load *l, const char *conf)
{
	struct load_conn *c = &l->conns[0];
	struct load_heard heard;
	size_t size;
	l->wire->start(c, l->plugin, conf);
	load_flush(c);
	do {
		while (!hear(l, c, &heard, &size))
			load_wait_and_receive(c);
		buf_consume(&c->in, size);
	} while (heard.type == HEARD_NOTHING);
	if (heard.type != HEARD_STARTED)
		refused(&heard);
	arena_reset(&l->arena);
	return heard.id;
}

/* The gateway adds a sequence number and the key of the plugin's row. */
static void start_instances(struct load *l, struct load_mode *mode)
{
	mode->instances = calloc(l->instances, sizeof(*mode->instances));
	size_t n = strlen(mode->conf);
	if (!mode->instances)
		load_die("instances");
	for (unsigned i = 0; i < l->instances; i++) {
		char conf[1024];
		snprintf(conf, sizeof(conf), "%.*s%s\"__seq__\":%u,\"__key__\":\"plugins:%s:%u\"}",
			 (int)n - 1, mode->conf, n > 2 ? "," : "", i + 1, mode->name, i);
		mode->instances[i] = start_instance(l, conf);
	}
}

/* In use, and spare. */
static unsigned all_connections(const struct load *l)
{
	return l->rotate ? 2 * l->connections : l->connections;
}

static void open_connections(struct load *l)
{
	for (unsigned i = 0; i < all_connections(l); i++)
		load_open(l, &l->conns[i]);
	for (unsigned i = 0; i < l->idle; i++)
		l->idle_fds[i] = load_connect(l->socket);
}

void load_start(struct load *l)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->conns = calloc(all_connections(l), sizeof(*l->conns));
	l->spare = calloc(l->connections, sizeof(struct load_conn *));
	l->idle_fds = calloc(l->idle + 1, sizeof(*l->idle_fds));
	l->body_bytes = malloc(l->body + 1);
	if (l->epoll < 0 || !l->conns || !l->spare || !l->idle_fds || !l->body_bytes)
		load_die("start");
	memset(l->body_bytes, 'b', l->body);
	open_connections(l);
	for (unsigned i = 0; i < l->n_modes; i++)
		start_instances(l, &l->modes[i]);
}

static int wait_for_answers(const struct load *l, struct epoll_event ready[READY])
{
	uint64_t end = now() + (uint64_t)LOAD_ANSWER_MS * 1000000;
	int n;
	do
		n = epoll_wait(l->epoll, ready, READY, l->busy ? 0 : LOAD_ANSWER_MS);
	while (n == 0 && now() < end);
	return n;
}

void load_run(struct load *l, uint64_t events)
{
	l->wanted = l->begun + events;
	l->run_began = now();
	l->run_first = l->begun;
	l->running = (int)l->connections;
	for (unsigned i = 0; l->rotate && i < l->connections; i++)
		l->spare[i] = &l->conns[l->connections + i];
	for (unsigned i = 0; i < l->connections; i++)
		event_begin(l, &l->conns[i]);
	struct epoll_event ready[READY];
	while (l->running > 0) {
		int n = wait_for_answers(l, ready);
		if (n == 0) {
			fprintf(stderr, "no answer for %d s, %d events under way\n",
				LOAD_ANSWER_MS / 1000, l->running);
			exit(1);
		}
		for (int i = 0; i < n; i++)
			conn_read(l, ready[i].data.ptr);
	}
}

void load_stop(struct load *l)
{
	for (unsigned i = 0; i < all_connections(l); i++) {
		close(l->conns[i].fd);
		buf_fini(&l->conns[i].in);
		buf_fini(&l->conns[i].out);
	}
	for (unsigned i = 0; i < l->idle; i++)
		close(l->idle_fds[i]);
	for (unsigned i = 0; i < l->n_modes; i++)
		free(l->modes[i].instances);
	arena_fini(&l->arena);
	free(l->conns);
	free(l->spare);
	free(l->idle_fds);
	free(l->body_bytes);
	close(l->epoll);
}
