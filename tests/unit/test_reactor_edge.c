/* test_reactor_edge.c - descriptors of which the loop is told once of each change. */
#include "tests/lib/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include "server/reactor.h"

#define PAIRS 2
#define ENDED '.'
#define ROOM 256

struct pair {
	struct reactor_io *io;
	int fd, peer; /* peer: -1 = closed */
	bool reads, writes;
	char got[ROOM]; /* what was read, and ENDED */
	int told, told_read;
};

static struct {
	struct reactor *reactor;
	struct reactor_timer *timer;
	struct pair pairs[PAIRS];
	bool stops_other, starts_other; /* when the first one is told */
} t;

static void read_some(struct pair *pair)
{
	char bytes[16];
	ssize_t n = recv(pair->fd, bytes, sizeof(bytes), 0);

	if (n > 0)
		strncat(pair->got, bytes, (size_t)n);
	else if (n == 0)
		pair->got[strlen(pair->got)] = ENDED;
	if (n == 0)
		reactor_io_set(pair->io, 0);
}

static void fill(int fd)
{
	char bytes[4096] = {0};

	while (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0)
		;
	assert_int_equal(errno, EAGAIN);
}

static void on_ready(void *user, int ready)
{
	struct pair *pair = user;

	pair->told++;
	pair->told_read += (ready & REACTOR_READ) != 0;
	if ((ready & REACTOR_READ) && pair->reads)
		read_some(pair);
	if ((ready & REACTOR_WRITE) && pair->writes)
		fill(pair->fd);
	if (pair != &t.pairs[0])
		return;
	if (t.stops_other)
		reactor_io_set(t.pairs[1].io, 0);
	if (t.starts_other)
		reactor_io_set(t.pairs[1].io, REACTOR_READ);
}

static void stop(void *user)
{
	(void)user;
	reactor_stop(t.reactor);
}

/* Until nothing more comes of the loop that is not told again and again. */
static void run(void)
{
	for (int turns = 0; turns < 4; turns++) {
		reactor_timer_start(t.timer, 0, 0);
		reactor_run(t.reactor);
	}
}

static void connect_pair(struct pair *pair)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	pair->fd = fds[0];
	pair->peer = fds[1];
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.reactor = reactor_create();
	t.timer = reactor_timer_create(t.reactor, stop, NULL);
	for (size_t i = 0; i < PAIRS; i++) {
		struct pair *pair = &t.pairs[i];

		connect_pair(pair);
		pair->io = reactor_io_create_edge(t.reactor, pair->fd, on_ready, pair);
		reactor_io_set(pair->io, REACTOR_READ);
	}
	run(); /* the loop knows them now */
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < PAIRS; i++) {
		reactor_io_destroy(t.pairs[i].io);
		close(t.pairs[i].fd);
		if (t.pairs[i].peer >= 0)
			close(t.pairs[i].peer);
	}
	reactor_timer_destroy(t.timer);
	reactor_destroy(t.reactor);
	return 0;
}

static void say(struct pair *pair, const char *text)
{
	assert_int_equal(send(pair->peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void hang_up(struct pair *pair)
{
	close(pair->peer);
	pair->peer = -1;
}

static void bytes_that_stay_unread_are_told_once(void **state)
{
	struct pair *pair = &t.pairs[0];

	(void)state;
	assert_int_equal(pair->told, 0);
	say(pair, "a");
	run();
	assert_int_equal(pair->told, 1);
	say(pair, "b");
	run();
	assert_int_equal(pair->told, 2);
}

static void they_are_told_again_where_that_is_asked_for(void **state)
{
	struct pair *pair = &t.pairs[0];

	(void)state;
	say(pair, "a");
	run();
	reactor_io_again(pair->io);
	run();
	assert_int_equal(pair->told, 2);
	pair->reads = true;
	reactor_io_again(pair->io);
	run();
	assert_string_equal(pair->got, "a");
	assert_int_equal(pair->told, 3);
	reactor_io_again(pair->io);
	run();
	assert_int_equal(pair->told, 3); /* nothing is there */
}

static void what_is_asked_for_while_it_is_not_watched_for_is_told_later(void **state)
{
	struct pair *pair = &t.pairs[0];

	(void)state;
	say(pair, "a");
	run();
	reactor_io_set(pair->io, 0);
	run();
	reactor_io_again(pair->io);
	run();
	assert_int_equal(pair->told, 1);
	reactor_io_set(pair->io, REACTOR_READ);
	run();
	assert_int_equal(pair->told, 2);
}

static void what_comes_while_it_is_not_watched_for_is_told_later(void **state)
{
	static const int others[] = {0, REACTOR_WRITE};
	struct pair *pair = &t.pairs[0];

	(void)state;
	pair->reads = true;
	for (size_t i = 0; i < 2; i++) {
		reactor_io_set(pair->io, others[i]);
		run();
		say(pair, "a");
		run();
		assert_int_equal(strlen(pair->got), i);
		reactor_io_set(pair->io, REACTOR_READ);
		run();
		assert_int_equal(strlen(pair->got), i + 1);
	}
}

static void the_end_is_told_behind_the_bytes(void **state)
{
	struct pair *half = &t.pairs[0], *whole = &t.pairs[1];

	(void)state;
	half->reads = whole->reads = true;
	say(half, "half");
	shutdown(half->peer, SHUT_WR);
	say(whole, "whole");
	hang_up(whole);
	run();
	assert_string_equal(half->got, "half.");
	assert_string_equal(whole->got, "whole.");
}

static void it_is_told_where_it_is_watched_for_writing_too(void **state)
{
	struct pair *half = &t.pairs[0], *whole = &t.pairs[1];

	(void)state;
	half->reads = whole->reads = true;
	for (size_t i = 0; i < PAIRS; i++)
		reactor_io_set(t.pairs[i].io, REACTOR_READ | REACTOR_WRITE);
	fill(half->fd);
	run();
	say(half, "half");
	shutdown(half->peer, SHUT_WR);
	say(whole, "whole");
	hang_up(whole);
	run();
	assert_string_equal(half->got, "half.");
	assert_string_equal(whole->got, "whole.");
}

static void it_is_told_where_it_comes_while_only_writing_is_watched_for(void **state)
{
	struct pair *half = &t.pairs[0], *whole = &t.pairs[1];
	int told;

	(void)state;
	half->reads = whole->reads = true;
	for (size_t i = 0; i < PAIRS; i++) {
		fill(t.pairs[i].fd);
		reactor_io_set(t.pairs[i].io, REACTOR_WRITE);
	}
	run();
	say(half, "half");
	shutdown(half->peer, SHUT_WR);
	run();
	told = half->told;
	run();
	assert_int_equal(half->told, told); /* nor is the loop kept busy by it */
	say(whole, "whole");
	hang_up(whole);
	run();
	for (size_t i = 0; i < PAIRS; i++)
		reactor_io_set(t.pairs[i].io, REACTOR_READ);
	run();
	assert_string_equal(half->got, "half.");
	assert_string_equal(whole->got, "whole.");
}

static void an_end_by_itself_is_told(void **state)
{
	struct pair *half = &t.pairs[0], *whole = &t.pairs[1];

	(void)state;
	half->reads = whole->reads = true;
	shutdown(half->peer, SHUT_WR);
	hang_up(whole);
	run();
	assert_string_equal(half->got, ".");
	assert_string_equal(whole->got, ".");
}

static void room_to_write_is_told_once_and_again_when_it_comes_back(void **state)
{
	struct pair *pair = &t.pairs[0];
	char bytes[4096];
	int told;

	(void)state;
	reactor_io_set(pair->io, REACTOR_READ | REACTOR_WRITE);
	run();
	assert_int_equal(pair->told, 1);
	pair->writes = true;
	reactor_io_again(pair->io);
	run();
	told = pair->told;
	run();
	assert_int_equal(pair->told, told);
	while (recv(pair->peer, bytes, sizeof(bytes), 0) > 0)
		;
	run();
	assert_true(pair->told > told);
	assert_int_equal(pair->told_read, 0);
}

/* Both are told in one turn of the loop; the first one has the second one not watched for a moment. */
static void what_is_told_already_survives_that_it_is_not_watched_for(void **state)
{
	(void)state;
	t.stops_other = t.starts_other = true;
	say(&t.pairs[0], "a");
	say(&t.pairs[1], "b");
	run();
	assert_int_equal(t.pairs[0].told, 1);
	assert_int_equal(t.pairs[1].told, 1);
}

static void it_survives_for_some_turns(void **state)
{
	(void)state;
	t.stops_other = true;
	say(&t.pairs[0], "a");
	say(&t.pairs[1], "b");
	run();
	assert_int_equal(t.pairs[0].told, 1);
	assert_int_equal(t.pairs[1].told, 0);
	reactor_io_set(t.pairs[1].io, REACTOR_READ);
	run();
	assert_int_equal(t.pairs[1].told, 1);
}

static void a_descriptor_whose_number_is_used_again_is_as_all_are(void **state)
{
	struct pair *pair = &t.pairs[0];
	int fd = pair->fd;

	(void)state;
	reactor_io_destroy(pair->io);
	close(pair->fd);
	hang_up(pair);
	connect_pair(pair);
	assert_int_equal(pair->fd, fd);
	pair->io = reactor_io_create(t.reactor, pair->fd, on_ready, pair);
	reactor_io_set(pair->io, REACTOR_READ);
	run();
	say(pair, "a");
	run();
	assert_true(pair->told > 1);
}

/* ... and the next one of that number is told of once, though the last one had ended. */
static void a_number_does_not_end_with_a_descriptor(void **state)
{
	struct pair *pair = &t.pairs[0];
	int fd = pair->fd;

	(void)state;
	pair->reads = true;
	hang_up(pair);
	run();
	assert_string_equal(pair->got, ".");
	reactor_io_destroy(pair->io);
	close(pair->fd);
	connect_pair(pair);
	assert_int_equal(pair->fd, fd);
	pair->io = reactor_io_create_edge(t.reactor, pair->fd, on_ready, pair);
	reactor_io_set(pair->io, REACTOR_READ);
	pair->reads = false;
	pair->told = 0;
	run();
	say(pair, "a");
	run();
	assert_int_equal(pair->told, 1);
}

/* As a connection's that comes back from another process, which has had it meanwhile. */
static void what_was_told_of_a_file_is_told_to_who_watches_it_by_the_same_number(void **state)
{
	struct pair *pair = &t.pairs[0];
	int elsewhere = dup(pair->fd);

	(void)state;
	say(pair, "a");
	run();
	assert_int_equal(pair->told, 1);
	reactor_io_destroy(pair->io);
	close(pair->fd);
	assert_int_equal(dup(elsewhere), pair->fd);
	pair->io = reactor_io_create_edge(t.reactor, pair->fd, on_ready, pair);
	reactor_io_set(pair->io, REACTOR_READ);
	run();
	assert_int_equal(pair->told, 2);
	pair->reads = true;
	say(pair, "b");
	hang_up(pair);
	run();
	assert_string_equal(pair->got, "ab.");
	close(elsewhere);
}

static void others_that_watch_something_else_are_told_as_ever(void **state)
{
	struct epoll_event event = {.events = EPOLLIN};
	int epoll = epoll_create1(EPOLL_CLOEXEC), fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	event.data.u64 = (uint64_t)t.pairs[0].fd;
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[0], &event), 0);
	assert_int_equal(write(fds[1], "a", 1), 1);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 1);
	close(fds[1]);
	assert_int_equal(epoll_wait(epoll, &event, 1, 0), 1); /* also of the end */
	assert_int_equal(event.events, EPOLLIN | EPOLLHUP);
	assert_int_equal(epoll_ctl(epoll, EPOLL_CTL_DEL, fds[0], NULL), 0);
	close(fds[0]);
	close(epoll);
	bytes_that_stay_unread_are_told_once(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_that_stay_unread_are_told_once),
		TEST(they_are_told_again_where_that_is_asked_for),
		TEST(what_is_asked_for_while_it_is_not_watched_for_is_told_later),
		TEST(what_comes_while_it_is_not_watched_for_is_told_later),
		TEST(the_end_is_told_behind_the_bytes),
		TEST(it_is_told_where_it_is_watched_for_writing_too),
		TEST(it_is_told_where_it_comes_while_only_writing_is_watched_for),
		TEST(an_end_by_itself_is_told),
		TEST(room_to_write_is_told_once_and_again_when_it_comes_back),
		TEST(what_is_told_already_survives_that_it_is_not_watched_for),
		TEST(it_survives_for_some_turns),
		TEST(a_descriptor_whose_number_is_used_again_is_as_all_are),
		TEST(a_number_does_not_end_with_a_descriptor),
		TEST(what_was_told_of_a_file_is_told_to_who_watches_it_by_the_same_number),
		TEST(others_that_watch_something_else_are_told_as_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
