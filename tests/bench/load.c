/* load.c - the program: connects, runs a number of events, checks every answer, prints the totals.
 *
 *   load --socket PATH --plugin NAME [--events N] [--connections N] [--pid PID] [--mix all|ok]
 *
 * With --pid it prints the processor time, memory and descriptors of that process per round. */
#include "tests/bench/load.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "protocol/err.h"
#include "protocol/mp.h"
#include "tests/bench/process.h"

static struct load_mode modes[] = {
	{.name = "ok", .share = 700, .end = "ret", .steps = 2},
	{.name = "none", .share = 100, .end = "ret", .steps = 0},
	{.name = "exit", .share = 100, .end = "kong.response.exit", .steps = 0},
	{.name = "error", .share = 50, .end = "kong.response.exit", .steps = 2},
	{.name = "vanish", .share = 25, .vanish_step = 1, .end = "ret"},
	{.name = "close", .share = 25, .vanish_step = 2, .close = true, .end = "ret"},
};
enum {
	MODES = sizeof(modes) / sizeof(modes[0])
};

struct load {
	const char *socket, *plugin;
	uint64_t wanted; /* events in all */
	uint64_t begun;
	int running; /* connections with an event under way */
	int epoll;
	unsigned connections;
	bool mixed;
	struct load_conn *conns;
	struct arena arena;
	struct load_totals totals;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void conn_open(struct load *l, struct load_conn *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", l->socket);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		die(l->socket);
	memset(c->scan, 0, sizeof(c->scan));
	struct epoll_event want = {.events = EPOLLIN, .data.ptr = c};
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &want) < 0)
		die("epoll_ctl");
}

static void conn_close(struct load_conn *c)
{
	close(c->fd);
	buf_consume(&c->in, buf_len(&c->in));
	buf_consume(&c->out, buf_len(&c->out));
}

static void conn_flush(struct load_conn *c)
{
	while (buf_len(&c->out)) {
		ssize_t n = send(c->fd, buf_head(&c->out), buf_len(&c->out), MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			die("send");
		buf_consume(&c->out, (size_t)n);
	}
}

static struct load_mode *pick(const struct load *l)
{
	if (!l->mixed)
		return &modes[0];
	uint64_t slot = l->begun * 7919 % 1000; /* 7919 is prime: each share is met evenly */
	struct load_mode *mode = modes;
	while (slot >= mode->share)
		slot -= mode++->share;
	return mode;
}

/* Begins the connection's next event, or leaves it idle when all have begun. */
static void event_begin(struct load *l, struct load_conn *c)
{
	if (l->begun == l->wanted) {
		l->running--;
		return;
	}
	c->mode = pick(l);
	c->step = 0;
	l->begun++;
	load_write_event(c, &l->arena, c->mode->instance);
	conn_flush(c);
}

static void event_end(struct load *l, struct load_conn *c)
{
	l->totals.events++;
	event_begin(l, c);
}

static void wrong(struct load *l, const struct load_conn *c, const char *what)
{
	if (!l->totals.wrong++)
		snprintf(l->totals.first_wrong, sizeof(l->totals.first_wrong),
			 "mode %s, step %u: %s", c->mode->name, c->step, what);
}

/* The gateway stops talking about this event: it forgets it, or its connection breaks. */
static void event_vanish(struct load *l, struct load_conn *c)
{
	if (c->mode->close) {
		conn_close(c);
		conn_open(l, c);
		l->totals.reconnects++;
	}
	event_end(l, c);
}

static void on_pdk_call(struct load *l, struct load_conn *c, const struct value *data)
{
	const struct value *method = value_map_get(data, "Method");
	if (!method || !value_is_text(method)) {
		wrong(l, c, "no method");
		event_end(l, c);
		return;
	}
	if (value_text_is(method, "kong.response.exit")) {
		if (strcmp(c->mode->end, "kong.response.exit") || c->step != c->mode->steps)
			wrong(l, c, "unexpected exit");
		event_end(l, c);
		return;
	}
	if (++c->step == (unsigned)c->mode->vanish_step) {
		event_vanish(l, c);
		return;
	}
	char name[128];
	snprintf(name, sizeof(name), "%.*s", (int)method->len, method->s);
	load_write_step(c, &l->arena, name);
	conn_flush(c);
	l->totals.steps++;
}

static void on_answer(struct load *l, struct load_conn *c, const struct value *answer)
{
	if (answer->items[0].i == 2) /* a notice */
		return;
	const struct value *result = &answer->items[3];
	if (answer->len != 4 || answer->items[2].type != VALUE_NIL) {
		l->totals.failed++;
		wrong(l, c, "an error was answered");
		event_end(l, c);
		return;
	}
	const struct value *id = value_map_get(result, "EventId");
	const struct value *data = value_map_get(result, "Data");
	if (id)
		c->event_id = (uint64_t)id->i;
	if (data && value_text_is(data, "ret")) {
		if (strcmp(c->mode->end, "ret") ||
		    (!c->mode->vanish_step && c->step != c->mode->steps))
			wrong(l, c, "unexpected end");
		event_end(l, c);
		return;
	}
	on_pdk_call(l, c, data);
}

static void conn_read(struct load *l, struct load_conn *c)
{
	if (buf_reserve(&c->in, 65536) < 0)
		die("memory");
	ssize_t n = recv(c->fd, buf_tail(&c->in), 65536, 0);
	if (n <= 0)
		die("the server closed a connection");
	buf_commit(&c->in, (size_t)n);
	struct value answer;
	size_t size;
	int rc = 0;
	int fd = c->fd;
	while (c->fd == fd && buf_len(&c->in) &&
	       (rc = load_read_answer(c, &l->arena, &answer, &size)) == 1) {
		size_t before = buf_len(&c->in);
		on_answer(l, c, &answer);
		if (buf_len(&c->in) == before)
			buf_consume(&c->in, size);
		arena_reset(&l->arena);
	}
	if (rc < 0)
		die("the server sent no answer but something else");
}

/* Reads answers until the one to the last call is there; returns its result's Id. */
static int64_t start_instance(struct load *l, struct load_conn *c, const char *mode)
{
	load_write_start(c, &l->arena, l->plugin, mode);
	conn_flush(c);
	for (;;) {
		struct value answer;
		size_t size;
		if (buf_reserve(&c->in, 65536) < 0)
			die("memory");
		ssize_t n = recv(c->fd, buf_tail(&c->in), 65536, 0);
		if (n <= 0)
			die("start of an instance");
		buf_commit(&c->in, (size_t)n);
		while (buf_len(&c->in) && load_read_answer(c, &l->arena, &answer, &size) == 1) {
			int64_t id = -1;
			if (answer.items[0].i == 1) {
				const struct value *v = value_map_get(&answer.items[3], "Id");
				if (!v) {
					fprintf(stderr, "StartInstance was refused\n");
					exit(1);
				}
				id = v->i;
			}
			buf_consume(&c->in, size);
			if (id >= 0)
				return id;
		}
	}
}

static void load_run(struct load *l, uint64_t events)
{
	l->wanted = l->begun + events;
	l->running = (int)l->connections;
	for (unsigned i = 0; i < l->connections; i++)
		event_begin(l, &l->conns[i]);
	struct epoll_event ready[256];
	while (l->running > 0) {
		int n = epoll_wait(l->epoll, ready, 256, 60000);
		if (n == 0) {
			fprintf(stderr, "no answer for 60 s, %d events under way\n", l->running);
			exit(1);
		}
		for (int i = 0; i < n; i++)
			conn_read(l, ready[i].data.ptr);
	}
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void load_round(struct load *l, uint64_t events, pid_t pid)
{
	struct process_figures before = process_figures(pid), after;
	double began = seconds();
	load_run(l, events);
	double took = seconds() - began;
	after = process_figures(pid);
	printf("events %llu  per_second %.0f  server_us_per_event %.2f  pss_kb %ld  descriptors %ld\n",
	       (unsigned long long)l->totals.events, (double)events / took,
	       (after.cpu_seconds - before.cpu_seconds) * 1e6 / (double)events, after.pss_kb,
	       after.descriptors);
	fflush(stdout);
}

static void load_start(struct load *l)
{
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->conns = calloc(l->connections, sizeof(*l->conns));
	if (l->epoll < 0 || !l->conns)
		die("start");
	for (unsigned i = 0; i < l->connections; i++)
		conn_open(l, &l->conns[i]);
	for (int i = 0; i < (l->mixed ? MODES : 1); i++)
		modes[i].instance = start_instance(l, &l->conns[0], modes[i].name);
}

static int usage(void)
{
	fprintf(stderr, "usage: load --socket PATH --plugin NAME [--events N] [--rounds N] "
			"[--connections N] [--pid PID] [--mix all|ok]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"socket", 1, 0, 's'},      {"plugin", 1, 0, 'p'},
						{"events", 1, 0, 'e'},      {"rounds", 1, 0, 'r'},
						{"connections", 1, 0, 'c'}, {"pid", 1, 0, 'i'},
						{"mix", 1, 0, 'm'},         {0}};
	struct load l = {.connections = 16};
	uint64_t events = 10000, rounds = 1;
	pid_t pid = 0;
	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 's':
			l.socket = optarg;
			break;
		case 'p':
			l.plugin = optarg;
			break;
		case 'e':
			events = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			rounds = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			l.connections = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'i':
			pid = (pid_t)strtol(optarg, NULL, 10);
			break;
		case 'm':
			l.mixed = strcmp(optarg, "all") == 0;
			break;
		default:
			return usage();
		}
	}
	if (!l.socket || !l.plugin || !l.connections)
		return usage();
	load_start(&l);
	for (uint64_t i = 0; i < rounds; i++)
		load_round(&l, events, pid);
	printf("events %llu  steps %llu  wrong %llu  reconnects %llu\n",
	       (unsigned long long)l.totals.events, (unsigned long long)l.totals.steps,
	       (unsigned long long)l.totals.wrong, (unsigned long long)l.totals.reconnects);
	if (l.totals.wrong)
		fprintf(stderr, "first wrong answer: %s\n", l.totals.first_wrong);
	return l.totals.wrong ? 1 : 0;
}
