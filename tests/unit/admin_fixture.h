/* admin_fixture.h - an admin socket of a fake server, and its clients. */
#ifndef TESTS_UNIT_ADMIN_FIXTURE_H
#define TESTS_UNIT_ADMIN_FIXTURE_H
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/admin/admin.h"
#include "server/admin/metrics_text.h"
#include "server/confine/mark.h"
#include "server/log.h"
#include "server/metrics/metrics.h"
#include "server/reactor.h"
#include "tests/lib/unit.h"

#define CLOSE "Connection: close\r\n\r\n"
#define GET_STATUS "GET /status HTTP/1.1\r\nHost: x\r\n" CLOSE
#define POST_RELOAD "POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" CLOSE
#define ANSWER_MAX 65536

struct fixture {
	char dir[64], path[80];
	struct reactor *reactor;
	struct admin *admin;
	struct status_source source;
	/* the fake server */
	unsigned reloads;
	int reload_rc;
	struct err err;
};

/* A client whose bytes come and go while the loop runs. */
struct client {
	struct fixture *f;
	int fd;
	struct reactor_io *io;
	char answer[ANSWER_MAX];
	size_t n;
	bool ended;
};

static const struct status_worker workers[] = {
	{.number = 0,
	 .state = STATUS_READY,
	 .pid = 77,
	 .age = 61,
	 .restarts = 2,
	 .connections = 3,
	 .events = 1},
	{.number = 1, .state = STATUS_WAITING, .starts_in = 2.5, .restarts = 9},
};
static const struct metrics_plugin hello_metrics = {
	.phases[PHASE_ACCESS] = {.events = {[METRICS_OK] = 9, [METRICS_ERROR] = 4},
				 .whole = {.buckets = {1, 2, 10}, .nanoseconds = 1500000000}},
	.phases[PHASE_LOG] = {.events = {[METRICS_DIED] = 2}},
	.calls[PDK_ID_COUNT - 1] = {.buckets = {[METRICS_BUCKETS] = 3}},
	.counters[PDK_COUNT_SAVED] = 8,
	.starts = 5,
	.refused_starts = 1,
};
static const struct status_plugin plugins[] = {
	{.name = "hello",
	 .dump = "{\"Protocol\":\"MsgPack:1\",\"Plugins\":[{\"Name\":\"hello\",\"Version\":\"1.2\","
		 "\"Priority\":7,\"Phases\":[\"access\",\"log\"],\"Schema\":{}}]}",
	 .pending = "its phases have changed",
	 .crashes = 4,
	 .stalls = 5,
	 .metrics = &hello_metrics},
	{.name = "odd", .dump = "[[[not JSON", .metrics = &hello_metrics},
	{.name = "new", .metrics = &hello_metrics},
};
static const struct status_group groups[] = {
	{.name = "auth",
	 .workers = workers,
	 .worker_count = 2,
	 .plugins = plugins,
	 .plugin_count = 3,
	 .instances = 11,
	 .connections = 12,
	 .events = 13,
	 .crashes = 14,
	 .stalls = 15,
	 .answered = 16},
	{.name = "bad", .quarantine = "it crashed five times", .quarantine_left = 290},
};

static inline int fill(void *user, struct arena *arena, struct status *ret)
{
	(void)user;
	(void)arena;
	*ret = (struct status){
		.uptime = 3700, .reload = "done", .groups = groups, .group_count = 2};
	return 0;
}

static inline int reload(void *user, struct err *err)
{
	struct fixture *f = user;

	if (f->reload_rc != 0)
		return err_set(err, (enum err_code)(-f->reload_rc), "no \"reload\" now");
	f->reloads++;
	reactor_stop(f->reactor);
	return 0;
}

static inline void begin(struct fixture *f)
{
	const struct admin_options options = {
		.reactor = f->reactor, .path = f->path, .source = f->source};

	if (admin_create(&options, &f->admin, &f->err) != 0)
		fail_msg("%s", f->err.text);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	log_open("stderr", LOG_LEVEL_EMERG, NULL);
	strcpy(f->dir, "/tmp/outrigger-admin.XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/admin.sock", f->dir);
	f->reactor = reactor_create();
	f->source = (struct status_source){fill, reload, f};
	begin(f);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	admin_destroy(f->admin);
	reactor_destroy(f->reactor);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

/* ---- clients ---- */

static inline struct sockaddr_un address_of(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	return address;
}

static inline void on_ready(void *user, int ready)
{
	struct client *c = user;
	ssize_t n = recv(c->fd, c->answer + c->n, ANSWER_MAX - 1 - c->n, MSG_DONTWAIT);

	(void)ready;
	if (n > 0)
		c->n += (size_t)n;
	if (n > 0 || (n < 0 && errno == EAGAIN))
		return;
	c->ended = true;
	reactor_io_set(c->io, 0);
	reactor_stop(c->f->reactor);
}

static inline struct client *connect_client(struct fixture *f)
{
	struct sockaddr_un address = address_of(f);
	struct client *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->f = f;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	c->io = reactor_io_create(f->reactor, c->fd, on_ready, c);
	reactor_io_set(c->io, REACTOR_READ);
	return c;
}

static inline void end_client(struct client *c)
{
	reactor_io_destroy(c->io);
	close(c->fd);
	free(c);
}

static inline void say(struct client *c, const char *text, size_t n)
{
	(void)!send(c->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static inline struct client *begin_call(struct fixture *f, const char *text)
{
	struct client *c = connect_client(f);

	say(c, text, strlen(text));
	return c;
}

static inline void wait_answer(struct client *c)
{
	while (!c->ended)
		reactor_run(c->f->reactor);
}

/* Status and JSON of the answer; NULL where it has none. */
static inline json_t *read_answer(struct client *c, int *ret_status)
{
	const char *body = strstr(c->answer, "\r\n\r\n");

	*ret_status = 0;
	sscanf(c->answer, "HTTP/1.1 %d", ret_status);
	return body != NULL ? json_loads(body + 4, 0, NULL) : NULL;
}

static inline int status_of_answer(struct client *c)
{
	int status;

	json_decref(read_answer(c, &status));
	return status;
}

/* Ends it when it is answered. `part`: of the error. */
static inline void expect(struct client *c, int wanted, const char *part)
{
	int status;
	json_t *json;

	wait_answer(c);
	json = read_answer(c, &status);
	assert_int_equal(status, wanted);
	if (part != NULL)
		assert_non_null(strstr(json_string_value(json_object_get(json, "error")), part));
	json_decref(json);
	end_client(c);
}

static inline void expect_served(struct fixture *f)
{
	expect(begin_call(f, GET_STATUS), 200, NULL);
}

#endif
