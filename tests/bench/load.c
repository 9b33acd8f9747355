/* load.c - the played gateway: begins events, answers their calls, checks what it hears. */
#include "tests/bench/load.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
	ANSWER_MS = 60000,
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

/* Begins the slot's next event, or leaves it idle when all have begun. */
static void event_begin(struct load *l, struct load_conn *c)
{
	if (l->begun == l->wanted) {
		l->running--;
		return;
	}
	pace(l);
	c->mode = pick(l);
	c->step = 0;
	snprintf(c->nonce, sizeof(c->nonce), "%0*llx", LOAD_NONCE, (unsigned long long)l->begun);
	c->began = now();
	l->wire->event(c, c->mode->instances[l->begun++ % l->instances], l->phase);
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
	histogram_add(&l->latency, now() - c->began);
	if (l->fresh)
		reopen(l, c);
	event_begin(l, c);
}

static void wrong(struct load *l, const struct load_conn *c, const char *what)
{
	if (!l->totals.wrong++)
		snprintf(l->totals.first_wrong, sizeof(l->totals.first_wrong),
			 "mode %s, step %d: %s", c->mode->name, c->step, what);
}

/* The gateway stops talking about this event: it forgets it, or its connection breaks. */
static void event_vanish(struct load *l, struct load_conn *c)
{
	if (c->mode->close)
		reopen(l, c);
	event_end(l, c);
}

/* What the gateway's function returns. */
static struct value result_of(const struct load *l, const struct load_conn *c,
			      const struct value *method)
{
	if (value_text_is(method, "kong.request.get_header"))
		return value_strn(c->nonce, LOAD_NONCE);
	if (value_text_is(method, "kong.request.get_raw_body"))
		return (struct value){
			.type = VALUE_BIN, .len = (uint32_t)l->body, .s = l->body_bytes};
	return value_nil();
}

static bool is_right_end(const struct load_conn *c, const char *end)
{
	const struct load_mode *mode = c->mode;
	return !strcmp(mode->end, end) &&
	       (mode->vanish_step || mode->steps == LOAD_ANY_STEPS || c->step == mode->steps);
}

static void on_end(struct load *l, struct load_conn *c, const char *end)
{
	if (!is_right_end(c, end))
		wrong(l, c, "unexpected end");
	event_end(l, c);
}

static void on_call(struct load *l, struct load_conn *c, const struct load_heard *heard)
{
	if (value_text_is(&heard->method, "kong.response.exit")) {
		on_end(l, c, "kong.response.exit");
		return;
	}
	if (++c->step == c->mode->vanish_step) {
		event_vanish(l, c);
		return;
	}
	if (heard->text.type != VALUE_NIL && heard->method.len > 11 &&
	    !memcmp(heard->method.s + heard->method.len - 11, ".set_header", 11) &&
	    !value_text_is(&heard->text, c->nonce))
		wrong(l, c, "the header that was set is not the one that was read");
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

static int64_t start_instance(struct load *l, const char *conf)
{
	struct load_conn *c = &l->conns[0];
	struct load_heard heard;
	size_t size;
	l->wire->start(c, l->plugin, conf);
	load_flush(c);
	do {
		while (!hear(l, c, &heard, &size))
			load_receive(c);
		buf_consume(&c->in, size);
	} while (heard.type == HEARD_NOTHING);
	if (heard.type != HEARD_STARTED) {
		fprintf(stderr, "StartInstance was refused: %.*s\n", (int)heard.text.len,
			heard.text.type == VALUE_STR ? heard.text.s : "");
		exit(1);
	}
	arena_reset(&l->arena);
	return heard.id;
}

/* The gateway adds a sequence number and the key of the plugin's row. */
static void start_instances(struct load *l, struct load_mode *mode)
{
	mode->instances = calloc(l->instances, sizeof(*mode->instances));
	size_t n = strlen(mode->conf);
	if (!mode->instances || n < 2)
		load_die("instances");
	for (unsigned i = 0; i < l->instances; i++) {
		char conf[1024];
		snprintf(conf, sizeof(conf), "%.*s%s\"__seq__\":%u,\"__key__\":\"plugins:%s:%u\"}",
			 (int)n - 1, mode->conf, n > 2 ? "," : "", i + 1, mode->name, i);
		mode->instances[i] = start_instance(l, conf);
	}
}

void load_start(struct load *l)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->conns = calloc(l->connections, sizeof(*l->conns));
	l->idle_fds = calloc(l->idle + 1, sizeof(*l->idle_fds));
	l->body_bytes = malloc(l->body + 1);
	if (l->epoll < 0 || !l->conns || !l->idle_fds || !l->body_bytes)
		load_die("start");
	memset(l->body_bytes, 'b', l->body);
	for (unsigned i = 0; i < l->connections; i++)
		load_open(l, &l->conns[i]);
	for (unsigned i = 0; i < l->idle; i++)
		l->idle_fds[i] = load_connect(l->socket);
	for (unsigned i = 0; i < l->n_modes; i++)
		start_instances(l, &l->modes[i]);
}

static int wait_for_answers(const struct load *l, struct epoll_event ready[READY])
{
	uint64_t end = now() + (uint64_t)ANSWER_MS * 1000000;
	int n;
	do
		n = epoll_wait(l->epoll, ready, READY, l->busy ? 0 : ANSWER_MS);
	while (n == 0 && now() < end);
	return n;
}

void load_run(struct load *l, uint64_t events)
{
	l->wanted = l->begun + events;
	l->run_began = now();
	l->run_first = l->begun;
	l->running = (int)l->connections;
	for (unsigned i = 0; i < l->connections; i++)
		event_begin(l, &l->conns[i]);
	struct epoll_event ready[READY];
	while (l->running > 0) {
		int n = wait_for_answers(l, ready);
		if (n == 0) {
			fprintf(stderr, "no answer for 60 s, %d events under way\n", l->running);
			exit(1);
		}
		for (int i = 0; i < n; i++)
			conn_read(l, ready[i].data.ptr);
	}
}

void load_stop(struct load *l)
{
	for (unsigned i = 0; i < l->connections; i++) {
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
	free(l->idle_fds);
	free(l->body_bytes);
	close(l->epoll);
}
