/* test_admin.c - the admin socket: what it tells, whom it refuses, and that nobody can make it stop. */
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

static int fill(void *user, struct arena *arena, struct status *ret)
{
	(void)user;
	(void)arena;
	*ret = (struct status){
		.uptime = 3700, .reload = "done", .groups = groups, .group_count = 2};
	return 0;
}

static int reload(void *user, struct err *err)
{
	struct fixture *f = user;

	if (f->reload_rc != 0)
		return err_set(err, (enum err_code)(-f->reload_rc), "no \"reload\" now");
	f->reloads++;
	reactor_stop(f->reactor);
	return 0;
}

static void begin(struct fixture *f)
{
	const struct admin_options options = {
		.reactor = f->reactor, .path = f->path, .source = f->source};

	if (admin_create(&options, &f->admin, &f->err) != 0)
		fail_msg("%s", f->err.text);
}

static int setup(void **state)
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

static int teardown(void **state)
{
	struct fixture *f = *state;

	admin_destroy(f->admin);
	reactor_destroy(f->reactor);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

/* ---- clients ---- */

static struct sockaddr_un address_of(const struct fixture *f)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
	return address;
}

static void on_ready(void *user, int ready)
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

static struct client *connect_client(struct fixture *f)
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

static void end_client(struct client *c)
{
	reactor_io_destroy(c->io);
	close(c->fd);
	free(c);
}

static void say(struct client *c, const char *text, size_t n)
{
	(void)!send(c->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static struct client *begin_call(struct fixture *f, const char *text)
{
	struct client *c = connect_client(f);

	say(c, text, strlen(text));
	return c;
}

static void wait_answer(struct client *c)
{
	while (!c->ended)
		reactor_run(c->f->reactor);
}

/* Status and JSON of the answer; NULL where it has none. */
static json_t *read_answer(struct client *c, int *ret_status)
{
	const char *body = strstr(c->answer, "\r\n\r\n");

	*ret_status = 0;
	sscanf(c->answer, "HTTP/1.1 %d", ret_status);
	return body != NULL ? json_loads(body + 4, 0, NULL) : NULL;
}

static int status_of_answer(struct client *c)
{
	int status;

	json_decref(read_answer(c, &status));
	return status;
}

/* Ends it when it is answered. `part`: of the error. */
static void expect(struct client *c, int wanted, const char *part)
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

static void expect_served(struct fixture *f)
{
	expect(begin_call(f, GET_STATUS), 200, NULL);
}

/* ---- status ---- */

static json_t *get_status(struct fixture *f)
{
	struct client *c = begin_call(f, GET_STATUS);
	json_t *json;
	int status;

	wait_answer(c);
	json = read_answer(c, &status);
	assert_int_equal(status, 200);
	assert_non_null(json);
	end_client(c);
	return json;
}

static void status_tells_all_that_is_known(void **state)
{
	json_t *json = get_status(*state), *expected,
	       *groups_json = json_object_get(json, "groups"),
	       *group = json_array_get(groups_json, 0);
	json_t *ended;

	/* Whether there is a process of that number is not known. */
	json_object_del(json_array_get(json_object_get(group, "workers"), 0), "memory");
	ended = json_object_get(json_array_get(json_object_get(group, "plugins"), 0), "ended");
	assert_int_equal(json_integer_value(json_object_get(ended, "count")), 13);
	assert_true(json_real_value(json_object_get(ended, "seconds")) == 1.5);
	assert_int_equal(json_integer_value(json_array_get(json_object_get(ended, "buckets"), 2)),
			 10);
	json_object_del(json_array_get(json_object_get(group, "plugins"), 0), "ended");

	expected = json_pack("{s:i,s:s,s:i,s:f,s:i,s:i,s:i}", "number", 0, "state", "ready", "pid",
			     77, "age", 61.0, "restarts", 2, "connections", 3, "events", 1);
	assert_true(json_equal(
		json_array_get(json_object_get(json_array_get(groups_json, 0), "workers"), 0),
		expected));
	json_decref(expected);
	expected = json_pack("{s:i,s:s,s:f,s:i,s:i,s:i}", "number", 1, "state", "waiting",
			     "starts_in", 2.5, "restarts", 9, "connections", 0, "events", 0);
	assert_true(json_equal(
		json_array_get(json_object_get(json_array_get(groups_json, 0), "workers"), 1),
		expected));
	json_decref(expected);
	expected = json_pack("{s:s,s:s,s:s,s:i,s:[s,s],s:s,s:i,s:i,s:i}", "name", "hello",
			     "protocol", "MsgPack:1", "version", "1.2", "priority", 7, "phases",
			     "access", "log", "run_kong_reload", "its phases have changed",
			     "crashes", 4, "stalls", 5, "answered", 6);
	assert_true(json_equal(
		json_array_get(json_object_get(json_array_get(groups_json, 0), "plugins"), 0),
		expected));
	json_decref(expected);
	expected = json_pack("{s:s, s:f}", "reason", "it crashed five times", "left", 290.0);
	assert_true(json_equal(json_object_get(json_array_get(groups_json, 1), "quarantine"),
			       expected));
	json_decref(expected);
	assert_string_equal(json_string_value(json_object_get(json, "version")), OUTRIGGER_VERSION);
	assert_string_equal(json_string_value(json_object_get(json, "reload")), "done");
	assert_int_equal(json_integer_value(json_object_get(json, "pid")), getpid());
	json_decref(json);
}

/* ---- other views ---- */

static void expect_page(struct fixture *f, const char *request, int wanted,
			const char *const *parts)
{
	struct client *c = begin_call(f, request);
	int status;

	wait_answer(c);
	json_decref(read_answer(c, &status));
	assert_int_equal(status, wanted);
	for (; *parts != NULL; parts++)
		if (strstr(c->answer, *parts) == NULL)
			fail_msg("no '%s' in\n%s", *parts, c->answer);
	end_client(c);
}

#define GET(url) "GET " url " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

static void what_is_not_served_is_not_ready_but_healthy(void **state)
{
	expect_page(*state, GET("/health"), 200, (const char *[]){"\"ok\"", NULL});
	expect_page(*state, GET("/ready"), 503,
		    (const char *[]){"\"ready\":false", "\"not_served\":[\"bad\"]", NULL});
}

static void metrics_are_what_was_counted(void **state)
{
	static const char *const parts[] = {
		"Content-Type: text/plain; version=0.0.4",
		"\noutrigger_info{version=\"" OUTRIGGER_VERSION "\"} 1\n",
		"\noutrigger_uptime_seconds 3700\n",
		"\noutrigger_workers_ready{group=\"auth\"} 1\n",
		"\noutrigger_worker_restarts_total{group=\"auth\"} 11\n",
		"\noutrigger_quarantined{group=\"bad\"} 1\n",
		"\noutrigger_connections{group=\"auth\"} 12\n",
		"\noutrigger_events_running{group=\"auth\"} 13\n",
		"\noutrigger_instances{group=\"auth\"} 11\n",
		"\noutrigger_failures_answered_total{group=\"auth\"} 16\n",
		"\noutrigger_events_total{plugin=\"hello\",phase=\"access\",outcome=\"ok\"} 9\n",
		"\noutrigger_events_total{plugin=\"hello\",phase=\"log\",outcome=\"died\"} 2\n",
		"_seconds_bucket{plugin=\"hello\",phase=\"access\",le=\"0.0001\"} 3\n",
		"_seconds_bucket{plugin=\"hello\",phase=\"access\",le=\"+Inf\"} 13\n",
		"_seconds_sum{plugin=\"hello\",phase=\"access\"} 1.500000000\n",
		"_seconds_count{plugin=\"hello\",phase=\"access\"} 13\n",
		",le=\"10\"} 0\n",
		"how=\"saved\"} 8\n",
		"\noutrigger_instance_starts_total{plugin=\"hello\",result=\"started\"} 4\n",
		"\noutrigger_instance_starts_total{plugin=\"hello\",result=\"refused\"} 1\n",
		"\noutrigger_plugin_crashes_total{plugin=\"hello\"} 4\n",
		"\noutrigger_plugin_stalls_total{plugin=\"hello\"} 5\n",
		"\noutrigger_kong_reload_pending{plugin=\"hello\"} 1\n",
		NULL};

	expect_page(*state, GET("/metrics"), 200, parts);
}

static void labels_hold_anything(void **state)
{
	static const struct status_group odd[] = {
		{.name = "a\"b\\c\n1"}, {.name = "\\"}, {.name = ""}};
	const struct status status = {.groups = odd, .group_count = 3};
	struct buf page = {0};

	(void)state;
	assert_int_equal(metrics_text_write(&status, &page), 0);
	assert_int_equal(buf_append(&page, "", 1), 0);
	assert_non_null(strstr((const char *)buf_head(&page),
			       "_connections{group=\"a\\\"b\\\\c\\n1\"} 0\n"
			       "outrigger_connections{group=\"\\\\\"} 0\n"
			       "outrigger_connections{group=\"\"} 0\n"));
	buf_fini(&page);
}

/* ---- the page ---- */

static void check_page(const json_t *json, const char *const *parts)
{
	char *page = status_to_text(json), *line, *save = NULL;

	assert_non_null(page);
	for (; *parts != NULL; parts++)
		if (strstr(page, *parts) == NULL)
			fail_msg("no '%s' in\n%s", *parts, page);
	for (line = strtok_r(page, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		assert_true(strlen(line) <= 80);
		for (const char *c = line; *c != '\0'; c++)
			assert_true((unsigned char)*c >= 32);
	}
	free(page);
}

static void the_page_is_readable_at_80_columns(void **state)
{
	static const char *const parts[] = {
		"up 1h1m",
		"instances 11, connections 12, events in flight 13",
		"last reload: done",
		"starts in 2s",
		"in quarantine for another 4m50s: it crashed five times",
		"run `kong reload`: its phases have changed",
		"phases: access,log",
		NULL};
	json_t *json = get_status(*state);

	check_page(json, parts);
	json_decref(json);
}

/* What a plugin may call itself, and what a server of another kind may say. */
static void nothing_that_is_told_breaks_the_page(void **state)
{
	static const char *const parts[] = {"GROUP", NULL};
	static const char *const odd[] = {
		"{\"groups\":[]}",
		"{\"groups\":[1,\"x\",{\"workers\":7,\"plugins\":[{\"phases\":{},\"name\":3}]}]}",
		"{\"groups\":[{\"name\":\"\\u001b[31mred\\n\\n\\n\",\"workers\":[{\"state\":\"a "
		"very long state "
		"that has no end\",\"starts_in\":1e300,\"age\":-5}],\"plugins\":[{\"phases\":[\"a\\u0007\","
		"\"b\"],\"version\":\"1.2.3.4.5.6.7.8.9.10.11\",\"run_kong_reload\":\"\\u001b[2J\"}],"
		"\"quarantine\":{\"reason\":\"x\\u0000y\"}}]}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		json_t *json = json_loads(odd[i], JSON_ALLOW_NUL, NULL);

		assert_non_null(json);
		check_page(json, parts);
		json_decref(json);
	}
	assert_null(status_to_text(NULL));
}

/* ---- reload ---- */

static void wait_reloads(struct fixture *f, unsigned n)
{
	while (f->reloads < n)
		reactor_run(f->reactor);
}

static void a_reload_is_answered_when_it_has_ended(void **state)
{
	struct fixture *f = *state;
	struct client *c = begin_call(f, POST_RELOAD);

	wait_reloads(f, 1);
	expect_served(f);
	assert_int_equal(c->n, 0);
	admin_reload_ended(f->admin, 0, NULL);
	expect(c, 200, NULL);
}

static void a_reload_that_fails_says_why(void **state)
{
	static const struct {
		int rc, status;
	} cases[] = {{-E_PLUGIN, 422}, {-E_CONF, 422}, {-E_IO, 500}, {-E_TIMEOUT, 504}};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client *c = begin_call(f, POST_RELOAD);
		struct err err = {"handler.lua:3: \"oops\"\n"};

		wait_reloads(f, i + 1);
		admin_reload_ended(f->admin, cases[i].rc, &err);
		expect(c, cases[i].status, "handler.lua:3: \"oops\"\n");
	}
}

static void a_reload_that_can_not_begin_is_answered_at_once(void **state)
{
	struct fixture *f = *state;

	f->reload_rc = -E_UNSUPPORTED;
	expect(begin_call(f, POST_RELOAD), 501, "no \"reload\" now");
	f->reload_rc = -E_EXISTS;
	expect(begin_call(f, POST_RELOAD), 409, "no \"reload\" now");
}

static void all_who_wait_are_answered_and_who_has_gone_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct client *a = begin_call(f, POST_RELOAD), *b, *c;

	wait_reloads(f, 1);
	b = begin_call(f, POST_RELOAD);
	wait_reloads(f, 2);
	c = begin_call(f, POST_RELOAD);
	wait_reloads(f, 3);
	end_client(b);
	expect_served(f);
	admin_reload_ended(f->admin, 0, NULL);
	expect(a, 200, NULL);
	expect(c, 200, NULL);
	admin_reload_ended(f->admin, 0, NULL);
	expect_served(f);
}

static void who_waits_is_told_when_the_server_leaves(void **state)
{
	struct fixture *f = *state;
	struct client *c = begin_call(f, POST_RELOAD);

	wait_reloads(f, 1);
	admin_destroy(f->admin);
	f->admin = NULL;
	expect(c, 503, "leaves");
}

/* ---- who asks ---- */

/* A process of plugins: it connects, and stays until its input ends. */
static pid_t start_marked(const struct fixture *f, int *ret_fd)
{
	struct sockaddr_un address = address_of(f);
	int pair[2];
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	pid = fork();
	if (pid == 0) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		char text[256];
		ssize_t n;

		close(pair[0]);
		if (mark_set(NULL) != 0 ||
		    connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
			_exit(1);
		(void)!send(fd, GET_STATUS, strlen(GET_STATUS), MSG_NOSIGNAL);
		while ((n = recv(fd, text, sizeof(text), 0)) > 0)
			(void)!send(pair[1], text, (size_t)n, MSG_NOSIGNAL);
		shutdown(pair[1], SHUT_WR);
		_exit(0);
	}
	close(pair[1]);
	*ret_fd = pair[0];
	return pid;
}

static void who_runs_plugin_code_is_refused(void **state)
{
	struct fixture *f = *state;
	struct client *c = calloc(1, sizeof(*c));
	pid_t pid;

	assert_non_null(c);
	c->f = f;
	pid = start_marked(f, &c->fd);
	c->io = reactor_io_create(f->reactor, c->fd, on_ready, c);
	reactor_io_set(c->io, REACTOR_READ);
	expect(c, 403, "plugins");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	expect_served(f);
}

static void the_socket_is_ours_alone(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void what_is_not_there_is_told_so(void **state)
{
	struct fixture *f = *state;

	expect(begin_call(f, "GET / HTTP/1.1\r\nHost: x\r\n" CLOSE), 404, "/status");
	expect(begin_call(f, "GET /reload HTTP/1.1\r\nHost: x\r\n" CLOSE), 405, "POST /reload");
	expect(begin_call(f, "DELETE /status HTTP/1.1\r\nHost: x\r\n" CLOSE), 405, NULL);
	assert_int_equal(f->reloads, 0);
}

/* ---- hostile bytes ---- */

static void malformed_requests_end_themselves_only(void **state)
{
	static const char *const bad[] = {
		"\r\n\r\n\x01\x02\x03\r\n\r\n",
		"GET\r\n\r\n",
		"GET /status HTTP/9.9\r\n\r\n",
		"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
		"POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
		"POST /reload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct client *c = begin_call(f, bad[i]);
		int status;

		shutdown(c->fd, SHUT_WR);
		wait_answer(c);
		status = status_of_answer(c);
		assert_true(status == 0 || status >= 400);
		end_client(c);
		expect_served(f);
	}
	assert_int_equal(f->reloads, 0);
}

static void send_much(struct fixture *f, const char *begin, size_t n)
{
	struct client *c = begin_call(f, begin);
	char junk[1024];

	memset(junk, 'a', sizeof(junk));
	/* The loop reads between the pieces, by serving somebody else. */
	for (size_t i = 0; i < n && !c->ended; i++) {
		say(c, junk, sizeof(junk));
		if (i % 64 == 0)
			expect_served(f);
	}
	shutdown(c->fd, SHUT_WR);
	wait_answer(c);
	assert_true(c->n == 0 || status_of_answer(c) >= 400);
	end_client(c);
}

static void requests_without_end_are_cut_off(void **state)
{
	struct fixture *f = *state;

	send_much(f, "GET /", 1024);
	send_much(f, "GET /status HTTP/1.1\r\nX: ", 1024);
	send_much(f, "POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n", 1024);
	assert_int_equal(f->reloads, 0);
	expect_served(f);
}

static void silent_clients_leave_room_for_others(void **state)
{
	struct fixture *f = *state;
	struct client *silent[20];

	for (size_t i = 0; i < 20; i++)
		silent[i] = begin_call(f, i % 2 == 0 ? "" : "GET /status HT");
	for (size_t i = 0; i < 20; i++)
		expect_served(f);
	for (size_t i = 0; i < 20; i++)
		end_client(silent[i]);
	expect_served(f);
}

/* ---- the socket ---- */

static void a_socket_that_vanishes_is_made_again(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	admin_check(f->admin);
	expect_served(f);
}

static void who_was_there_first_keeps_it_until_the_end(void **state)
{
	struct fixture *f = *state;
	struct admin *first = f->admin;
	struct stat before, after;

	assert_int_equal(stat(f->path, &before), 0);
	begin(f);
	admin_check(f->admin);
	assert_int_equal(stat(f->path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	admin_destroy(first);
	assert_int_equal(access(f->path, F_OK), -1);
	admin_check(f->admin);
	expect_served(f);
}

static void a_file_that_a_dead_server_left_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = address_of(f);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	admin_destroy(f->admin);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	begin(f);
	expect_served(f);
}

static void a_folder_that_is_missing_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct admin *admin = NULL;

	const struct admin_options options = {
		.reactor = f->reactor, .path = "/nowhere/admin.sock", .source = f->source};

	assert_int_equal(admin_create(&options, &admin, &f->err), -E_IO);
	assert_non_null(strstr(f->err.text, "/nowhere"));
	assert_null(admin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(status_tells_all_that_is_known),
		TEST(what_is_not_served_is_not_ready_but_healthy),
		TEST(metrics_are_what_was_counted),
		TEST(labels_hold_anything),
		TEST(the_page_is_readable_at_80_columns),
		TEST(nothing_that_is_told_breaks_the_page),
		TEST(a_reload_is_answered_when_it_has_ended),
		TEST(a_reload_that_fails_says_why),
		TEST(a_reload_that_can_not_begin_is_answered_at_once),
		TEST(all_who_wait_are_answered_and_who_has_gone_is_forgotten),
		TEST(who_waits_is_told_when_the_server_leaves),
		TEST(who_runs_plugin_code_is_refused),
		TEST(the_socket_is_ours_alone),
		TEST(what_is_not_there_is_told_so),
		TEST(malformed_requests_end_themselves_only),
		TEST(requests_without_end_are_cut_off),
		TEST(silent_clients_leave_room_for_others),
		TEST(a_socket_that_vanishes_is_made_again),
		TEST(who_was_there_first_keeps_it_until_the_end),
		TEST(a_file_that_a_dead_server_left_is_replaced),
		TEST(a_folder_that_is_missing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
