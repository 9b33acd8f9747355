/* test_ids_link.c - a worker that asks its supervisor, which is slow, for ids. */
#include "tests/lib/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/reactor.h"
#include "server/supervisor/ids_link.h"

static char dir[] = "/tmp/outrigger-ids-link-XXXXXX";

static void set_patience(int fd, long microseconds)
{
	const struct timeval patience = {microseconds / 1000000, microseconds % 1000000};

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
}

static pid_t start_supervisor(struct reactor *reactor)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		reactor_run(reactor);
		_exit(0);
	}
	return pid;
}

/* Nobody answers the first in time; both are answered later. */
static void test_a_late_answer_is_not_taken_for_that_of_the_next(void **state)
{
	struct ids_source source = {.fd = -1};
	struct reactor *reactor = reactor_create();
	struct ids_link *link = NULL;
	struct ids_file ids;
	struct err err = {""};
	uint64_t first, end;
	uint32_t low, high;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(ids_file_init(&ids, dir, &err), 0);
	assert_int_equal(ids_file_init(&source.file, dir, &err), 0);
	assert_int_equal(ids_link_create(reactor, &ids, &link, &source.fd, &err), 0);
	set_patience(source.fd, 1);
	assert_int_equal(ids_source_reserve_instances(&source, &low, &high, &err), 0);
	assert_int_equal(high - low, 1024);
	set_patience(source.fd, 30000000);
	pid = start_supervisor(reactor);
	assert_int_equal(ids_source_reserve_events(&source, &first, &end, &err), 0);
	assert_int_equal(end - first, 1 << 24);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	ids_link_destroy(link);
	close(source.fd);
	ids_file_fini(&ids);
	ids_file_fini(&source.file);
	reactor_destroy(reactor);
}

struct locked {
	struct reactor *reactor;
	int lock, ticks; /* the lock is let go of after so many turns of the loop */
};

static void on_tick(void *user)
{
	struct locked *l = user;

	if (--l->ticks == 0)
		flock(l->lock, LOCK_UN);
}

static void on_asked(void *user, int ready)
{
	(void)ready;
	reactor_stop(((struct locked *)user)->reactor);
}

/* A worker that says by a byte when it has its ids. */
static pid_t start_worker(struct ids_source *source, int done)
{
	pid_t pid = fork();
	uint32_t low, high;

	assert_true(pid >= 0);
	if (pid != 0)
		return pid;
	set_patience(source->fd, 30000000);
	_exit(ids_source_reserve_instances(source, &low, &high, NULL) == 0 && high == low + 1024 &&
			      write(done, "", 1) == 1
		      ? 0
		      : 1);
}

static int lock_file(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/" IDS_FILE_LOCK_NAME, dir);
	fd = open(path, O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	return fd;
}

static void test_while_others_have_the_lock_the_loop_turns_and_the_answer_comes_later(void **state)
{
	struct ids_source source = {.file.dir = dir};
	struct locked l = {.reactor = reactor_create(), .ticks = 5};
	struct reactor_timer *tick = reactor_timer_create(l.reactor, on_tick, &l);
	struct ids_link *link = NULL;
	struct reactor_io *io;
	struct ids_file ids;
	int status, done[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(done), 0);
	assert_int_equal(ids_file_init(&ids, dir, NULL), 0);
	ids.waits = false;
	assert_int_equal(ids_link_create(l.reactor, &ids, &link, &source.fd, NULL), 0);
	l.lock = lock_file();
	pid = start_worker(&source, done[1]);
	io = reactor_io_create(l.reactor, done[0], on_asked, &l);
	reactor_io_set(io, REACTOR_READ);
	close(done[1]);
	reactor_timer_start(tick, IDS_FILE_PAUSE, 1);
	reactor_run(l.reactor);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(l.ticks <= 0);
	reactor_io_destroy(io);
	reactor_timer_destroy(tick);
	ids_link_destroy(link);
	close(source.fd);
	close(done[0]);
	close(l.lock);
	ids_file_fini(&ids);
	reactor_destroy(l.reactor);
}

static int remove_files(void **state)
{
	static const char *const names[] = {"outrigger.ids", "outrigger.ids.lock"};
	char path[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		unlink(path);
	}
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_late_answer_is_not_taken_for_that_of_the_next),
		cmocka_unit_test(
			test_while_others_have_the_lock_the_loop_turns_and_the_answer_comes_later),
	};

	return cmocka_run_group_tests(tests, NULL, remove_files);
}
