/* test_handover.c - the registry goes to a successor; whoever sits at its socket can't stop that one. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/registry/handover.h"
#include "server/registry/registry_take.h"
#include "tests/lib/unit.h"

#define NEVER 1e9 /* seconds; a minute is the bound */
#define GREETING "outrigger-registry-1"

struct fixture {
	char dir[64];
	char path[80], next[96];
	struct reactor *reactor;
	struct reactor_signal *signal;
	int fd;
	int shared_fd; /* -1 = none */
	struct err err;
};

static void on_child(void *user, int signum)
{
	(void)signum;
	reactor_stop(user);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return -1;
	f->shared_fd = -1;
	log_open("stderr", LOG_LEVEL_EMERG, NULL);
	strcpy(f->dir, "/tmp/outrigger-handover.XXXXXX");
	if (mkdtemp(f->dir) == NULL || registry_file_create(42, &f->fd, NULL) != 0)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/p.socket", f->dir);
	snprintf(f->next, sizeof(f->next), "%s.next", f->path);
	f->reactor = reactor_create();
	f->signal = reactor_signal_create(f->reactor, SIGCHLD, on_child, f->reactor);
	*state = f;
	return f->signal == NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	reactor_signal_destroy(f->signal);
	reactor_destroy(f->reactor);
	close(f->fd);
	unlink(f->next);
	rmdir(f->dir);
	free(f);
	return 0;
}

static struct handover *offer(struct fixture *f)
{
	struct handover *h = NULL;

	const struct handover_options options = {.reactor = f->reactor,
						 .path = f->path,
						 .fd = f->fd,
						 .shared_fd = &f->shared_fd,
						 .listening_fd = -1};

	if (handover_offer(&options, &h, &f->err) != 0)
		fail_msg("%s", f->err.text);
	return h;
}

/* Asks in a process of its own; the exit code is what became of it. */
static void ask_in_child(struct fixture *f)
{
	struct stat own, got, shared, along;
	struct handover_answer answer;
	int rc = handover_ask(f->path, NEVER, &answer, &f->err);

	if (rc != 0)
		_exit(-rc);
	fstat(f->fd, &own);
	fstat(answer.registry_fd, &got);
	if (f->shared_fd < 0
		    ? answer.shared_fd >= 0
		    : fstat(f->shared_fd, &shared) != 0 || fstat(answer.shared_fd, &along) != 0 ||
			      shared.st_ino != along.st_ino)
		_exit(101);
	_exit(own.st_ino == got.st_ino && (fcntl(answer.registry_fd, F_GETFD) & FD_CLOEXEC) &&
			      (fcntl(answer.connection_fd, F_GETFD) & FD_CLOEXEC)
		      ? 0
		      : 100);
}

/* While the loop runs. */
static int ask_aside(struct fixture *f)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		ask_in_child(f);
	do {
		reactor_run(f->reactor);
	} while (waitpid(pid, &status, WNOHANG) != pid);
	return WEXITSTATUS(status);
}

static void a_successor_gets_the_registry(void **state)
{
	struct fixture *f = *state;
	struct handover *h = offer(f);
	struct stat st;

	assert_int_equal(stat(f->next, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(ask_aside(f), 0);
	assert_int_equal(ask_aside(f), 0);
	handover_destroy(h);
	assert_int_equal(access(f->next, F_OK), -1);
}

static void and_the_memory_of_dictionaries_with_it(void **state)
{
	struct fixture *f = *state;
	struct handover *h = offer(f);

	f->shared_fd = memfd_create("dictionaries", MFD_CLOEXEC);
	assert_int_equal(ask_aside(f), 0);
	close(f->shared_fd);
	f->shared_fd = -1; /* another reload has none */
	assert_int_equal(ask_aside(f), 0);
	handover_destroy(h);
}

static void a_socket_file_that_is_left_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct handover *h;

	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			offer(f);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		assert_int_equal(access(f->next, F_OK), 0);
		assert_int_equal(ask_aside(f), E_NOT_FOUND);
	}
	h = offer(f);
	assert_int_equal(ask_aside(f), 0);
	handover_destroy(h);
}

static void the_latest_offer_counts_and_an_older_one_steps_in(void **state)
{
	struct fixture *f = *state;
	struct handover *older = offer(f), *newer = offer(f);
	struct stat before, after;

	assert_int_equal(stat(f->next, &before), 0);
	handover_check(older);
	handover_check(newer);
	assert_int_equal(stat(f->next, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	handover_destroy(newer);
	assert_int_equal(access(f->next, F_OK), -1);
	handover_check(older);
	assert_int_equal(ask_aside(f), 0);
	handover_destroy(older);
}

static void an_older_offer_that_ends_leaves_the_latest(void **state)
{
	struct fixture *f = *state;
	struct handover *older = offer(f), *newer = offer(f);

	handover_destroy(older);
	assert_int_equal(ask_aside(f), 0);
	handover_destroy(newer);
}

static unsigned long link_count(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (unsigned long)st.st_nlink : 0;
}

/* Another process's offer, by the socket that the first one has made. */
static struct handover *offer_by(struct fixture *f, const struct handover *first)
{
	struct handover_options options = {.reactor = f->reactor, .path = f->path, .fd = f->fd};
	struct handover *h = NULL;

	options.listening_fd = dup(handover_listening(first, &options.inode));
	assert_int_equal(handover_offer(&options, &h, &f->err), 0);
	return h;
}

static void those_who_share_a_socket_answer_until_the_last_is_gone(void **state)
{
	struct fixture *f = *state;
	struct handover *first = offer(f), *second = offer_by(f, first),
			*third = offer_by(f, first);
	struct stat before, after;

	assert_int_equal(stat(f->next, &before), 0);
	handover_destroy(second);
	assert_false(handover_check(third));
	assert_int_equal(ask_aside(f), 0);
	assert_int_equal(stat(f->next, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	unlink(f->next);
	assert_int_equal(link_count(f->next), 0);
	handover_destroy(first);
	assert_true(handover_check(third));
	assert_int_equal(ask_aside(f), 0);
	handover_destroy(third);
	assert_int_equal(link_count(f->next), 0);
}

static void the_last_who_shares_a_socket_removes_its_file(void **state)
{
	struct fixture *f = *state;
	struct handover *first = offer(f), *second = offer_by(f, first),
			*third = offer_by(f, first);
	char aside[sizeof(f->next) + 8];

	/* The first one ends as one that is killed: its file stays. */
	snprintf(aside, sizeof(aside), "%s.aside", f->next);
	assert_int_equal(rename(f->next, aside), 0);
	handover_destroy(first);
	assert_int_equal(rename(aside, f->next), 0);
	handover_destroy(second);
	assert_int_equal(link_count(f->next), 1);
	assert_int_equal(ask_aside(f), 0);
	handover_destroy(third);
	assert_int_equal(link_count(f->next), 0);
}

static void a_name_that_no_socket_may_have_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct handover *h = NULL;
	char path[400];
	const struct handover_options options = {
		.reactor = f->reactor, .path = path, .fd = f->fd, .listening_fd = -1};

	snprintf(path, sizeof(path), "%s/%0200d", f->dir, 0);
	assert_int_equal(handover_offer(&options, &h, &f->err), -E_IO);
	snprintf(path, sizeof(path), "%s/nowhere/p.socket", f->dir);
	assert_int_equal(handover_offer(&options, &h, &f->err), -E_IO);
	assert_null(h);
}

/* ---- who sits there instead ---- */

static int listen_there(struct fixture *f, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->next);
	unlink(f->next);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static int ask(struct fixture *f, double patience)
{
	struct handover_answer answer = {-1, -1, -1, false};
	int rc = handover_ask(f->path, reactor_now() + patience, &answer, &f->err);

	assert_true(rc == 0 || (answer.registry_fd == -1 && answer.connection_fd == -1));
	assert_int_equal(answer.shared_fd, -1);
	if (rc == 0) {
		close(answer.registry_fd);
		close(answer.connection_fd);
	}
	return rc;
}

static void nobody_there_is_not_waited_for(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, NEVER), -E_NOT_FOUND);
	close(listen_there(f, SOCK_SEQPACKET));
	assert_int_equal(ask(f, NEVER), -E_NOT_FOUND);
	unlink(f->next);
	close(open(f->next, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(ask(f, NEVER), -E_NOT_FOUND);
}

static void who_is_silent_is_not_waited_for_long(void **state)
{
	struct fixture *f = *state;
	int fd = listen_there(f, SOCK_SEQPACKET);

	for (int i = 0; i < 5; i++) /* its queue gets full */
		assert_int_equal(ask(f, 0.01), -E_TIMEOUT);
	close(fd);
	fd = listen_there(f, SOCK_STREAM);
	assert_int_equal(ask(f, NEVER), -E_NOT_FOUND);
	close(fd);
}

struct message {
	const char *text;
	size_t n;
	int fds; /* how many descriptors come along */
};

static void send_message(int to, const struct message *m, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control = {0};
	struct iovec part = {(void *)m->text, m->n};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (m->fds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE((size_t)m->fds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)m->fds * sizeof(int));
		for (int i = 0; i < m->fds; i++)
			memcpy(CMSG_DATA(c) + (size_t)i * sizeof(int), &fd, sizeof(int));
	}
	sendmsg(to, &msg, MSG_NOSIGNAL);
}

/* How an asker fares whom somebody sends that message. */
static int ask_who_says(struct fixture *f, const struct message *m)
{
	int listener = listen_there(f, SOCK_SEQPACKET), rc;
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		send_message(accept(listener, NULL, NULL), m, f->fd);
		pause();
	}
	rc = ask(f, NEVER);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(listener);
	return rc;
}

static int count_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 200; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void what_is_no_offer_is_refused_and_leaves_no_descriptor(void **state)
{
	static char large[100000];
	static const struct message bad[] = {
		{"hello", 5, 1},
		{GREETING, sizeof(GREETING), 0},
		{GREETING, sizeof(GREETING), 3},
		{GREETING, sizeof(GREETING), 16},
		{GREETING "x", sizeof(GREETING) + 1, 1},
		{GREETING, sizeof(GREETING) - 1, 1},
		{"", 1, 1},
		{large, sizeof(large), 1},
	};
	static const struct message good = {GREETING, sizeof(GREETING), 1};
	struct fixture *f = *state;
	int before = count_descriptors();

	assert_int_equal(ask_who_says(f, &good), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ask_who_says(f, &bad[i]), -E_MALFORMED);
	assert_int_equal(count_descriptors(), before);
}

/* ---- taking ---- */

static int take_one(void *user, int64_t *ret_id, struct err *err)
{
	(void)err;
	*ret_id = ++*(int64_t *)user;
	return 0;
}

static void share(struct registry *r, const char *conf, int64_t last_id)
{
	const struct instance_ids ids = {take_one, &last_id};
	const struct instance_row row = {.plugin = "p",
					 .conf = conf,
					 .conf_len = strlen(conf),
					 .key = conf,
					 .key_len = strlen(conf)};
	int64_t id;

	assert_int_equal(registry_share(r, &row, &ids, &id, NULL), 0);
}

/* A loop shared with the parent would wake the wrong one. And no child outlives a test that fails. */
static void become_child(struct fixture *f)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	f->reactor = reactor_create();
}

/* A predecessor that offers one row and waits to be killed. */
static pid_t begin_predecessor(struct fixture *f, const char *path, int64_t last_id)
{
	const struct registry_take_options options = {
		.paths = &path, .count = 1, .generation = 7, .registry = {.max = 10}};
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		struct registry_offers offers = {0};
		struct registry *r;

		become_child(f);
		if (registry_take(&options, &r, NULL) != 0)
			_exit(1);
		share(r, path, last_id);
		registry_offer(&offers, f->reactor, registry_fd(r), &options);
		(void)!write(ready[1], "", 1);
		reactor_run(f->reactor);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_predecessor(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void the_registries_of_several_predecessors_become_one(void **state)
{
	struct fixture *f = *state;
	char other[100];
	const char *paths[] = {f->path, other, "/nowhere/q.socket"};
	const struct registry_take_options options = {
		.paths = paths, .count = 3, .generation = 8, .registry = {.max = 10}};
	struct instance_row row;
	struct registry *r = NULL;
	pid_t pids[2];

	snprintf(other, sizeof(other), "%s/q.socket", f->dir);
	pids[0] = begin_predecessor(f, f->path, 10);
	pids[1] = begin_predecessor(f, other, 20);
	assert_int_equal(registry_take(&options, &r, &f->err), 0);
	assert_int_equal(registry_generation(r), 7);
	assert_int_equal(registry_count(r), 2);
	end_predecessor(pids[0]);
	end_predecessor(pids[1]);
	assert_int_equal(registry_find(r, 11, &row, NULL), 0);
	assert_string_equal(row.conf, f->path);
	assert_int_equal(registry_find(r, 21, &row, NULL), 0);
	assert_string_equal(row.conf, other);
	registry_close(r);
	strcat(other, ".next");
	unlink(other);
}

static void what_is_offered_but_no_registry_is_replaced_by_a_new_one(void **state)
{
	struct fixture *f = *state;
	const char *path = f->path;
	const struct registry_take_options options = {
		.paths = &path, .count = 1, .generation = 8, .registry = {.max = 10}};
	struct registry *r = NULL;
	pid_t pid;

	close(f->fd);
	f->fd = memfd_create("junk", MFD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		become_child(f);
		offer(f);
		reactor_run(f->reactor);
	}
	while (access(f->next, F_OK) != 0)
		;
	assert_int_equal(registry_take(&options, &r, &f->err), 0);
	assert_int_equal(registry_generation(r), 8);
	assert_int_equal(registry_count(r), 0);
	registry_close(r);
	end_predecessor(pid);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_successor_gets_the_registry),
		TEST(and_the_memory_of_dictionaries_with_it),
		TEST(a_socket_file_that_is_left_is_replaced),
		TEST(the_latest_offer_counts_and_an_older_one_steps_in),
		TEST(an_older_offer_that_ends_leaves_the_latest),
		TEST(those_who_share_a_socket_answer_until_the_last_is_gone),
		TEST(the_last_who_shares_a_socket_removes_its_file),
		TEST(a_name_that_no_socket_may_have_is_an_error),
		TEST(nobody_there_is_not_waited_for),
		TEST(who_is_silent_is_not_waited_for_long),
		TEST(what_is_no_offer_is_refused_and_leaves_no_descriptor),
		TEST(the_registries_of_several_predecessors_become_one),
		TEST(what_is_offered_but_no_registry_is_replaced_by_a_new_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
