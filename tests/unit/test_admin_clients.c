/* test_admin_clients.c - the admin socket: whom it refuses, and that nobody can make it stop. */
#include "tests/unit/admin_fixture.h"

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
