/* test_custody_death.c - a worker is killed at each step of serving a connection, and what it owed is
 * answered by another process from what is left of it. */
#include "tests/lib/unit.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/custody/custody_file.h"
#include "server/custody/fault.h"
#include "server/event/event.h"
#include "server/event/lost.h"
#include "server/reactor.h"
#include "server/registry/registry.h"
#include "server/session/session_custody.h"
#include "server/worker.h"
#include "server/worker_adopt.h"
#include "tests/lib/fake_gateway.h"

#ifdef OUTRIGGER_FAULTS

#define SLOT 1
#define PEER 5
#define PATIENCE 30000 /* milliseconds until the test gives up */
#define FRESH_EVENT (((uint64_t)9 << EVENT_COUNTER_BITS) | 1)

static const struct codec *const codecs[] = {&codec_msgpack, &codec_protobuf, NULL};

static struct {
	struct custody_layout layout;
	int segment;
	int ends[2]; /* ours, as the supervisor and as the gateway */
	struct fake_gateway gateway;
	struct reactor *reactor;
	struct session_env env;
	struct session *session;
	struct reactor_io *gateway_io;
} t;

/* ---- the worker ---- */

static void on_connection_end(void *user, uint32_t slot, bool released)
{
	(void)user;
	(void)slot;
	(void)released;
	_exit(0);
}

static void start_config(struct config *config)
{
	const char *build = getenv("OUTRIGGER_BUILD_DIR");
	const char *given[] = {NULL, "plugin=native_step", "plugins_dir=/", "max_events=100"};
	char path[4096];

	snprintf(path, sizeof(path), "c_plugin_path=%s/tests/native", build != NULL ? build : ".");
	given[0] = path;
	if (config_init(config, NULL, given, sizeof(given) / sizeof(given[0]), NULL) != 0)
		_exit(3);
}

static void run_worker(const char *fault)
{
	struct worker_options options = {.on_connection_end = on_connection_end, .owner = 1};
	const struct registry_options rows = {.max = 10, .row_idle = 1000};
	struct config config;
	struct worker *worker;
	struct err err = {""};
	int fd;

	start_config(&config);
	options.config = &config;
	options.reactor = reactor_create();
	if (registry_file_create(1, &fd, NULL) != 0 ||
	    registry_open(fd, &rows, &options.registry, NULL) != 0 ||
	    custody_create(dup(t.segment), &options.custody, NULL) != 0 ||
	    worker_create(&options, &worker, &err) != 0)
		_exit(4);
	if (fault_arm(fault) != 0)
		_exit(5);
	worker_adopt_slot(worker, dup(t.ends[0]), SLOT, PEER, WORKER_SERVE);
	reactor_run(options.reactor);
	_exit(6);
}

/* ---- the supervisor ---- */

static void on_lost(void *user, struct session *s, const struct msg *call)
{
	struct lost lost = {.event = FRESH_EVENT, .reason = "the worker is gone"};
	struct event_record record;

	(void)user;
	if (call->event_id != 0 &&
	    custody_file_find_event(t.segment, &t.layout, call->event_id, &record))
		lost.record = &record;
	lost_answer(s, call, &lost);
}

static void on_bad_call(void *user, struct session *s, const struct msg *msg, int rc,
			const struct err *err)
{
	(void)rc;
	(void)err;
	on_lost(user, s, msg);
}

static void on_end(void *user, struct session *s)
{
	(void)user;
	(void)s;
	t.session = NULL;
	if (t.gateway.done)
		reactor_stop(t.reactor);
}

static void on_gateway(void *user, int ready)
{
	(void)user;
	(void)ready;
	fake_gateway_read(&t.gateway);
	if (t.gateway.done && t.session == NULL)
		reactor_stop(t.reactor);
}

static void give_up(void *user)
{
	(void)user;
	fail_msg("waited in vain; got %s", t.gateway.got);
}

static void take_over(void)
{
	struct reactor_timer *patience = reactor_timer_create(t.reactor, give_up, NULL);
	struct custody_find find;

	assert_int_equal(custody_file_read(t.segment, &t.layout, SLOT, &find), 0);
	t.session = session_restore(&t.env, t.ends[0], 1, &find);
	assert_non_null(t.session);
	t.gateway_io = reactor_io_create(t.reactor, t.ends[1], on_gateway, NULL);
	reactor_io_set(t.gateway_io, REACTOR_READ);
	reactor_timer_start(patience, PATIENCE / 1000.0, 0);
	session_go_on(t.session);
	if (t.session != NULL)
		reactor_run(t.reactor);
	reactor_io_destroy(t.gateway_io);
	reactor_timer_destroy(patience);
}

/* ---- one life ---- */

static void open_connection(void)
{
	const struct custody_find blank = {.state.tag = ON_ERROR_CLOSED};

	t.layout = (struct custody_layout){.slots = 2,
					   .events = (uint32_t)event_slots(100),
					   .region = custody_region_for(LIMIT_MESSAGE_SIZE)};
	assert_int_equal(custody_file_create(&t.layout, &t.segment, NULL), 0);
	assert_int_equal(custody_file_write(t.segment, &t.layout, SLOT, &blank), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, t.ends), 0);
}

/* Plays the gateway until the worker ends. How it ended. */
static int wait_for_worker(pid_t pid)
{
	struct pollfd fds[2] = {{.fd = pidfd_open(pid, 0), .events = POLLIN},
				{.fd = t.ends[1], .events = POLLIN}};
	int status;

	assert_true(fds[0].fd >= 0);
	do {
		assert_true(poll(fds, 2, PATIENCE) > 0);
		if (fds[1].revents != 0)
			fake_gateway_read(&t.gateway);
		if (t.gateway.done)
			fds[1].fd = -1;
	} while (fds[0].revents == 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fds[0].fd);
	return status;
}

/* Whether the worker came to that place. */
static bool live_and_die(enum fake_wire wire, const char *fault)
{
	bool killed;
	int status;
	pid_t pid;

	open_connection();
	fake_gateway_begin(&t.gateway, wire, t.ends[1]);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(t.ends[1]);
		run_worker(fault);
	}
	status = wait_for_worker(pid);
	killed = WIFSIGNALED(status);
	assert_true(killed ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
	if (killed)
		take_over();
	else
		close(t.ends[0]);
	fake_gateway_read(&t.gateway);
	close(t.ends[1]);
	close(t.segment);
	fake_gateway_fini(&t.gateway);
	return killed;
}

/* ---- what must hold ---- */

static const char whole[] = "ippepe.";

/* A handler that did not come to its end has not let the request pass, nothing is answered twice, and no end
 * is one that the gateway takes for a yes. */
static void assert_safe(const char *got)
{
	const char *access = strchr(got, 'i'), *end;

	assert_null(strpbrk(got, "SD"));
	assert_true(got[0] != '\0' && strpbrk(got + strlen(got) - 1, ".XUER") != NULL);
	if (access == NULL)
		return;
	end = strpbrk(access, "eXUER");
	assert_true(*end != 'e' || strncmp(got, "ippe", 4) == 0);
}

static void kill_everywhere(enum fake_wire wire)
{
	unsigned deaths = 0;

	assert_false(live_and_die(wire, "FRAME_NOTED:1000"));
	assert_string_equal(t.gateway.got, whole);
	for (enum fault fault = 0; fault < FAULT_COUNT; fault++) {
		char spec[64];
		bool killed;
		unsigned hit = 0;

		do {
			snprintf(spec, sizeof(spec), "%s:%u", fault_name(fault), ++hit);
			killed = live_and_die(wire, spec);
			deaths += killed;
			if (getenv("OUTRIGGER_TEST_VERBOSE") != NULL)
				print_message("%s: %s\n", spec, t.gateway.got);
			assert_safe(t.gateway.got);
		} while (killed);
		assert_true(hit > 1 || fault == FAULT_RELEASE_NOTED);
	}
	assert_true(deaths > 100);
}

static void test_no_death_passes_a_request_over_msgpack(void **state)
{
	(void)state;
	kill_everywhere(FAKE_MSGPACK);
}

static void test_no_death_passes_a_request_over_protobuf(void **state)
{
	(void)state;
	kill_everywhere(FAKE_PROTOBUF);
}

static int setup(void **state)
{
	(void)state;
	t.reactor = reactor_create();
	t.env = (struct session_env){
		.reactor = t.reactor,
		.codecs = codecs,
		.limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH},
		.generation = 1,
		.linger = 1,
		.handler = {.on_call = on_lost,
			    .on_bad_call = on_bad_call,
			    .on_end = on_end,
			    .on_lost = on_lost},
	};
	return session_env_init(&t.env);
}

static int teardown(void **state)
{
	(void)state;
	session_env_fini(&t.env);
	reactor_destroy(t.reactor);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_no_death_passes_a_request_over_msgpack),
		TEST(test_no_death_passes_a_request_over_protobuf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 0;
}

#endif
