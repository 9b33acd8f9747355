/* test_native_later.c - timers and configure of plugins in C, on a loop whose time the tests make pass. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/loop.h"
#include "plugins/runtime.h"
#include "tests/lib/lua_host.h"
#include "tests/lib/unit.h"

/* ---- the loop ---- */

struct reactor_timer {
	void (*fn)(void *user);
	void *user;
	double at, every;
	bool runs;
	struct reactor_timer *next;
};

struct reactor {
	struct reactor_timer *timers;
	double now;
	bool is_full; /* no watcher can be made */
};

static struct reactor reactor;
static struct fiber_pool *pool;

static struct reactor_timer *timer_create(struct reactor *r, void (*fn)(void *user), void *user)
{
	struct reactor_timer *timer = r->is_full ? NULL : calloc(1, sizeof(*timer));

	if (timer == NULL)
		return NULL;
	timer->fn = fn;
	timer->user = user;
	timer->next = r->timers;
	r->timers = timer;
	return timer;
}

static void timer_start(struct reactor_timer *timer, double seconds, int repeat)
{
	timer->at = reactor.now + seconds;
	timer->every = repeat ? seconds : 0;
	timer->runs = true;
}

static void timer_destroy(struct reactor_timer *timer)
{
	struct reactor_timer **link = &reactor.timers;

	while (*link != timer)
		link = &(*link)->next;
	*link = timer->next;
	free(timer);
}

static int run(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq), struct err *err)
{
	(void)plugin;
	(void)err;
	rq->fiber = fiber_create(pool, fn, rq);
	assert_non_null(rq->fiber);
	assert_false(fiber_resume(rq->fiber));
	fiber_destroy(rq->fiber);
	return 0;
}

static const struct loop loop = {.reactor = &reactor,
				 .timer_create = timer_create,
				 .timer_start = timer_start,
				 .timer_destroy = timer_destroy,
				 .run = run};

static struct reactor_timer *find_due(double now)
{
	struct reactor_timer *due = NULL, *timer;

	for (timer = reactor.timers; timer != NULL; timer = timer->next)
		if (timer->runs && timer->at <= now && (due == NULL || timer->at < due->at))
			due = timer;
	return due;
}

static void pass(double seconds)
{
	double end = reactor.now + seconds;
	struct reactor_timer *due;

	while ((due = find_due(end)) != NULL) {
		reactor.now = due->at;
		due->runs = due->every > 0;
		due->at += due->every;
		due->fn(due->user);
	}
	reactor.now = end;
}

static unsigned count_timers(void)
{
	unsigned n = 0;

	for (const struct reactor_timer *timer = reactor.timers; timer != NULL; timer = timer->next)
		n++;
	return n;
}

/* ---- the plugin ---- */

static void open_plugin(struct lua_host *h)
{
	static char dir[512];
	const char *build = getenv("OUTRIGGER_BUILD_DIR");
	struct err err = {""};

	assert_non_null(build);
	snprintf(dir, sizeof(dir), "%s/tests/native", build);
	lua_host_init(h);
	h->paths.plugins_dir = dir;
	pool = &h->pool;
	if (lua_host_load_as(h, "native_later", NULL, "{\"name\":\"first\"}", &err) != 0)
		fail_msg("%s", err.text);
	h->plugin->loop = &loop;
	reactor = (struct reactor){.now = 100};
	h->log[0] = '\0';
}

static int try_make(struct lua_host *h, const char *conf, void **ret_live, struct err *err)
{
	json_t *json = json_loads(conf, 0, NULL);
	int rc;

	assert_non_null(json);
	rc = h->plugin->runtime->instance_start(h->plugin, json, ret_live, err);
	json_decref(json);
	return rc;
}

static void *make(struct lua_host *h, const char *conf)
{
	struct err err = {""};
	void *live = NULL;

	if (try_make(h, conf, &live, &err) != 0)
		fail_msg("%s", err.text);
	return live;
}

static void stop(struct lua_host *h, void *live)
{
	h->plugin->runtime->instance_stop(h->plugin, live);
}

static void expect_log(struct lua_host *h, const char *lines)
{
	assert_string_equal(h->log, lines);
	h->log[0] = '\0';
}

/* An instance that goes the way while `pass_for` seconds pass, and then is stopped. */
static void live(struct lua_host *h, const char *way, double pass_for)
{
	char conf[128];
	void *instance;

	snprintf(conf, sizeof(conf), "{\"at_start\":true,\"name\":\"me\",\"do\":\"%s\"}", way);
	instance = make(h, conf);
	pass(pass_for);
	stop(h, instance);
	assert_int_equal(count_timers(), 0);
}

#define ON_TIME "6 timer: the argument of me, instance me\n"

static void functions_are_called_once_when_it_is_time(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "once", 1.9);
	expect_log(&h, "");
	live(&h, "once", 5);
	expect_log(&h, ON_TIME);
	lua_host_close(&h);
}

static void functions_are_called_again_and_again(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "every", 3.5);
	expect_log(&h, ON_TIME ON_TIME ON_TIME);
	lua_host_close(&h);
}

static void a_run_has_memory_and_hooks_of_its_own_and_may_stop_its_timer(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "three", 1);
	expect_log(&h, "6 run 1, 0 have ended\n6 run 2, 1 have ended\n6 run 3, 2 have ended\n");
	lua_host_close(&h);
}

static void what_is_stopped_is_not_called(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "stopped", 5);
	expect_log(&h, "");
	lua_host_close(&h);
}

static void failures_are_logged_and_end_no_timer(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "fail", 2);
	expect_log(&h, "4 a timer failed: failed in the argument\n"
		       "4 a timer failed: failed in the argument\n");
	lua_host_close(&h);
}

static void what_needs_the_gateway_is_an_error(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "ask", 0);
	expect_log(&h, "6 -4 unchanged: kong.request.get_header can't be called outside of a "
		       "request\n6 0 2\n"
		       "4 a timer failed: kong.response.exit can't be called outside of a "
		       "request\n");
	assert_int_equal(h.calls, 0);
	lua_host_close(&h);
}

static void timers_start_timers(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "chain", 0.9);
	expect_log(&h, "");
	live(&h, "chain", 1);
	expect_log(&h, ON_TIME);
	lua_host_close(&h);
}

static void times_that_are_none_are_refused(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "bad", 0);
	expect_log(&h, "6 a timer can't wait for inf s\n");
	lua_host_close(&h);
}

static void a_plugin_has_only_so_many(void **state)
{
	struct lua_host h;

	(void)state;
	open_plugin(&h);
	live(&h, "many", 0);
	expect_log(&h, "6 16384 timers, then -1: the plugin has 16384 timers already\n");
	lua_host_close(&h);
}

static void lack_of_memory_is_told(void **state)
{
	struct lua_host h;
	struct err err = {""};
	void *instance = NULL;

	(void)state;
	open_plugin(&h);
	reactor.is_full = true;
	assert_int_equal(try_make(&h, "{\"at_start\":true,\"do\":\"once\"}", &instance, &err),
			 -E_CONF);
	assert_string_equal(err.text, "no memory for a timer");
	h.plugin->loop = NULL;
	assert_int_equal(try_make(&h, "{\"at_start\":true,\"do\":\"once\"}", &instance, &err),
			 -E_CONF);
	assert_string_equal(err.text, "there are no timers where nobody serves");
	lua_host_close(&h);
}

static void timers_of_an_event_outlive_it_and_go_with_the_instance(void **state)
{
	struct lua_host h;
	struct lua_event ev;
	void *first, *instance;

	(void)state;
	open_plugin(&h);
	first = h.live;
	h.live = instance = make(&h, "{\"do\":\"once\",\"name\":\"me\"}");
	assert_int_equal(lua_event_run(&ev, &h, PHASE_ACCESS), 0);
	pass(5);
	expect_log(&h, ON_TIME);
	assert_int_equal(lua_event_run(&ev, &h, PHASE_ACCESS), 0);
	assert_int_equal(count_timers(), 1);
	h.live = first;
	stop(&h, instance);
	assert_int_equal(count_timers(), 0);
	lua_host_close(&h);
}

/* ---- configure ---- */

static int configure(struct lua_host *h, const char *first, const char *second, struct err *err)
{
	json_t *one = json_pack("{s:s}", "name", first), *two = json_pack("{s:s?}", "name", second);
	const struct plugin_conf confs[] = {{one, NULL}, {two, NULL}};
	int rc = h->plugin->runtime->configure(h->plugin, confs, second != NULL ? 2 : 1, err);

	json_decref(one);
	json_decref(two);
	return rc;
}

static void expect_known(struct lua_host *h, const char *line)
{
	struct lua_event ev;

	h->log[0] = '\0';
	h->answer = NULL;
	lua_event_start(&ev, h, PHASE_LOG);
	assert_string_equal(ev.method, "kong.log.notice");
	assert_string_equal(ev.reply.s, line);
	lua_event_end(&ev);
}

static void the_set_of_configurations_is_told(void **state)
{
	struct lua_host h;
	struct err err = {""};

	(void)state;
	open_plugin(&h);
	assert_true(h.plugin->info.configures);
	expect_known(&h, "known:  first");
	assert_int_equal(configure(&h, "one", "two", &err), 0);
	expect_known(&h, "known:  one two");
	lua_host_close(&h);
}

static void a_configure_that_fails_leaves_what_was_there(void **state)
{
	struct lua_host h;
	struct err err = {""};

	(void)state;
	open_plugin(&h);
	assert_int_equal(configure(&h, "one", "unwanted", &err), -E_HANDLER);
	assert_string_equal(err.text, "'unwanted' is one of 2");
	expect_known(&h, "known:  first");
	lua_host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_called_once_when_it_is_time),
		cmocka_unit_test(functions_are_called_again_and_again),
		cmocka_unit_test(a_run_has_memory_and_hooks_of_its_own_and_may_stop_its_timer),
		cmocka_unit_test(what_is_stopped_is_not_called),
		cmocka_unit_test(failures_are_logged_and_end_no_timer),
		cmocka_unit_test(what_needs_the_gateway_is_an_error),
		cmocka_unit_test(timers_start_timers),
		cmocka_unit_test(times_that_are_none_are_refused),
		cmocka_unit_test(a_plugin_has_only_so_many),
		cmocka_unit_test(lack_of_memory_is_told),
		cmocka_unit_test(timers_of_an_event_outlive_it_and_go_with_the_instance),
		cmocka_unit_test(the_set_of_configurations_is_told),
		cmocka_unit_test(a_configure_that_fails_leaves_what_was_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
