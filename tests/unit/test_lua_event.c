/* test_lua_event.c - how events end: by returning, by exit, by errors of every kind, by a deadline. */
#include <stdio.h>
#include <string.h>
#include "pdk-bridge/lua_pdk.h"
#include "plugins/lua/lua_impl.h"
#include "plugins/runtime.h"
#include "tests/lib/lua_host.h"
#include "tests/lib/unit.h"

static void open_access(struct lua_host *h, const char *code)
{
	char body[4096];

	snprintf(body, sizeof(body), "function P:access(conf)\n%s\nend", code);
	lua_host_open(h, body, "{\"name\":\"n\"}");
}

/* ---- exit ---- */

static void test_exit_inside_pcall_never_returns(void **state)
{
	struct lua_host h;
	struct lua_event ev;

	(void)state;
	open_access(&h, "pcall(function() kong.response.exit(403, 'no') end)\n"
			"kong.request.get_header('not reached')");
	lua_event_start(&ev, &h, PHASE_ACCESS);
	assert_false(ev.done);
	assert_false(ev.waiting);
	assert_string_equal(ev.method, "kong.response.exit");
	assert_int_equal(h.calls, 1);
	lua_event_end(&ev);
	lua_host_close(&h);
}

static size_t lua_kilobytes(const struct lua_host *h)
{
	const struct lua_plugin *p = h->plugin->impl;

	return (size_t)lua_gc(p->L, LUA_GCCOUNT, 0);
}

/* The garbage of abandoned threads is collected at the pace at which it is made. */
static void test_memory_is_flat_over_abandoned_events(void **state)
{
	struct lua_host h;
	struct lua_event ev;
	size_t i, after_warm_up = 0, most = 0, now;

	(void)state;
	open_access(&h, "local t = { string.rep('x', 500), {}, {} }\n"
			"local f = coroutine.wrap(function() kong.response.exit(403) end) f()");
	for (i = 0; i < 100000; i++) {
		lua_event_run(&ev, &h, PHASE_ACCESS);
		now = lua_kilobytes(&h);
		if (i < 20000)
			after_warm_up = now > after_warm_up ? now : after_warm_up;
		most = now > most ? now : most;
	}
	assert_int_equal(h.calls, 100000);
	assert_true(most <= after_warm_up + after_warm_up / 4);
	assert_true(most < 8192);
	assert_int_equal(h.pool.live, 0);
	lua_host_close(&h);
}

static void test_threads_of_ended_events_are_used_again(void **state)
{
	struct lua_host h;
	const struct lua_plugin *p;
	unsigned i;

	(void)state;
	open_access(&h, "kong.request.get_header('a')");
	p = h.plugin->impl;
	for (i = 0; i < 10; i++)
		lua_host_access(&h);
	assert_int_equal(p->idle_count, 1);
	lua_host_close(&h);
}

static void test_lost_events_can_be_ended_while_they_wait(void **state)
{
	struct lua_host h;
	struct lua_event ev;
	unsigned i;

	(void)state;
	open_access(&h, "pcall(kong.request.get_header, 'a')");
	for (i = 0; i < 1000; i++) {
		lua_event_start(&ev, &h, PHASE_ACCESS);
		assert_true(ev.waiting);
		lua_event_end(&ev);
	}
	assert_int_equal(h.pool.live, 0);
	lua_host_access(&h);
	lua_host_close(&h);
}

/* ---- errors ---- */

static void check_error(const char *code, const char *want)
{
	struct lua_host h;
	struct lua_event ev;

	open_access(&h, code);
	assert_int_equal(lua_event_run(&ev, &h, PHASE_ACCESS), -E_HANDLER);
	if (strstr(ev.err.text, want) == NULL)
		fail_msg("\"%s\" has no \"%s\"", ev.err.text, want);
	lua_host_access(&h); /* the state goes on */
	lua_host_close(&h);
}

#define ONCE "if done then return end done = true "

static void test_error_objects_become_texts(void **state)
{
	(void)state;
	check_error(ONCE "error('boom')", "handler.lua:2: boom");
	check_error(ONCE "error('plain', 0)", "plain");
	check_error(ONCE "error({})", "table: 0x");
	check_error(ONCE "error()", "nil");
	check_error(ONCE "error(42, 0)", "42");
	check_error(ONCE "error(setmetatable({}, { __tostring = function() return 'nice' end }))",
		    "nice");
	check_error(ONCE "error(setmetatable({}, { __tostring = function() error('again') end }))",
		    "(error object is a table value)");
	check_error(ONCE "local x = nil; x.y = 1", "attempt to index local 'x'");
}

static void test_endless_recursion_is_an_error(void **state)
{
	(void)state;
	check_error(ONCE "local function f() return 1 + f() end f()", "stack overflow");
}

static lua_Alloc plain_alloc;

static void *small_alloc(void *ud, void *ptr, size_t old_size, size_t new_size)
{
	return new_size > ((size_t)32 << 20) ? NULL : plain_alloc(ud, ptr, old_size, new_size);
}

static void test_lack_of_memory_is_an_error(void **state)
{
	struct lua_host h;
	struct lua_event ev;
	lua_State *L;
	void *ud;

	(void)state;
	open_access(&h, ONCE "local s = 'x' while true do s = s .. s end");
	L = ((struct lua_plugin *)h.plugin->impl)->L;
	plain_alloc = lua_getallocf(L, &ud);
	lua_setallocf(L, small_alloc, ud);
	assert_int_equal(lua_event_run(&ev, &h, PHASE_ACCESS), -E_HANDLER);
	assert_non_null(strstr(ev.err.text, "not enough memory"));
	lua_setallocf(L, plain_alloc, ud);
	lua_host_access(&h);
	lua_host_close(&h);
}

static void test_calls_fail_with_the_text_and_the_callers_line(void **state)
{
	(void)state;
	check_error(
		ONCE "local function f()\nkong.request.get_header(function() end)\nend f()",
		"handler.lua:3: bad argument #1 to 'kong.request.get_header' (a function can't be "
		"sent to the gateway)");
}

static char trace[2048];

static int run_keeping_trace(struct lua_host *h)
{
	struct lua_event ev;

	lua_event_start(&ev, h, PHASE_ACCESS);
	while (lua_event_step(&ev))
		;
	snprintf(trace, sizeof(trace), "%s", ev.rq.trace ? ev.rq.trace : "");
	lua_event_end(&ev);
	return ev.rc;
}

static void test_traceback_is_kept_with_the_event(void **state)
{
	struct lua_host h;

	(void)state;
	open_access(&h, "local function inner() error('boom') end\nlocal ok = inner()\n return ok");
	assert_int_equal(run_keeping_trace(&h), -E_HANDLER);
	assert_int_equal(strncmp(trace, "stack traceback:", 16), 0);
	assert_non_null(strstr(trace, "handler.lua:2:"));
	assert_non_null(strstr(trace, "handler.lua:3:"));
	lua_host_close(&h);
}

static void test_of_a_stack_that_has_overflown_both_ends_are_kept(void **state)
{
	struct lua_host h;

	(void)state;
#ifdef OUTRIGGER_LUAJIT
	skip(); /* it has no stack left to look at the stack, now and then */
#endif
	open_access(&h, "local function f() return 1 + f() end\nf()");
	assert_int_equal(run_keeping_trace(&h), -E_HANDLER);
	assert_non_null(strstr(trace, "\n\t..."));
	assert_non_null(strstr(trace, "handler.lua:2: in function 'f'"));
	assert_non_null(strstr(strstr(trace, "\n\t..."), "handler.lua:3:"));
	lua_host_close(&h);
}

/* ---- phases, handlers, confs ---- */

static void test_phase_that_the_handler_lacks_does_nothing(void **state)
{
	struct lua_host h;
	struct lua_event ev;

	(void)state;
	open_access(&h, "kong.request.get_header('a')");
	assert_int_equal(lua_event_run(&ev, &h, PHASE_LOG), 0);
	assert_int_equal(h.calls, 0);
	lua_host_close(&h);
}

static void test_handlers_may_be_inherited(void **state)
{
	struct lua_host h;

	(void)state;
	lua_host_open(
		&h,
		"local base = {} base.__index = base\n"
		"function base:access(conf) assert(self == P) kong.request.get_header(conf.n) end\n"
		"setmetatable(P, base)",
		"{\"n\":\"x\"}");
	assert_int_equal(h.plugin->info.phases, PHASE_BIT(PHASE_ACCESS));
	lua_host_access(&h);
	assert_int_equal(h.calls, 1);
	lua_host_close(&h);
}

static void test_conf_is_one_table_for_its_life(void **state)
{
	struct lua_host h;

	(void)state;
	lua_host_open(&h,
		      "local seen\n"
		      "function P:configure(confs) seen = confs[1] assert(#confs == 1) end\n"
		      "function P:access(conf) assert(conf == seen)\n"
		      "  assert(conf.list[2] == 'b' and conf.n == 2 ^ 53 and conf.f == 0.5)\n"
		      "  assert(conf.gone == nil and conf.t == true and conf.no == false)\n"
		      "  assert(#conf.empty == 0 and getmetatable(conf.empty))\n"
		      "  assert(next(conf.object) == nil and not getmetatable(conf.object))\n"
		      "  conf.count = (conf.count or 0) + 1\n"
		      "  if conf.count == 2 then kong.request.get_header('twice') end end",
		      "{\"list\":[\"a\",\"b\"],\"n\":9007199254740992,\"f\":0.5,\"gone\":null,"
		      "\"t\":true,\"no\":false,\"empty\":[],\"object\":{}}");
	lua_host_access(&h);
	lua_host_access(&h);
	assert_int_equal(h.calls, 1);
	lua_host_close(&h);
}

static void test_init_worker_runs_first(void **state)
{
	struct lua_host h;

	(void)state;
	lua_host_open(&h,
		      "local ready\n"
		      "function P:init_worker() ready = ngx.get_phase()\n"
		      "  kong.log.err('hello ', 1, nil, true)\n"
		      "  local ok, e = pcall(kong.request.get_header, 'x')\n"
		      "  assert(not ok and e:find('outside of a request', 1, true), e)\n"
		      "  assert(kong.ctx.plugin == nil and kong.ctx.shared == nil) end\n"
		      "function P:access() assert(ready == 'init_worker') end",
		      NULL);
	lua_host_access(&h);
	assert_non_null(strstr(h.log, "4 handler.lua:3 hello 1niltrue\n"));
	lua_host_close(&h);
}

/* ---- the deadline ---- */

/* Stands for a signal that comes while Lua code runs: the first call of the handler leads here. */
static struct value interrupt_later(struct lua_event *ev, const char *method,
				    const struct value *argv, size_t argc)
{
	(void)method;
	(void)argv;
	(void)argc;
	ev->host->user = ev;
	return value_nil();
}

static int interrupt_now(lua_State *L)
{
	struct lua_host *h = lua_touserdata(L, lua_upvalueindex(1));

	h->plugin->runtime->interrupt(h->plugin);
	return 0;
}

static void add_interrupt(struct lua_host *h)
{
	lua_State *L = ((struct lua_plugin *)h->plugin->impl)->L;

	lua_pushlightuserdata(L, h);
	lua_pushcclosure(L, interrupt_now, 1);
	lua_setglobal(L, "interrupt");
}

static void test_interrupt_ends_loops_that_swallow_errors(void **state)
{
	struct lua_host h;
	struct lua_event ev;
	unsigned i;

	(void)state;
	open_access(&h, "if kong.request.get_header('a') == 'skip' then return end\n"
			"interrupt() local n = 0\n"
			"while true do pcall(function() while true do n = n + 1 end end) end");
	h.answer = interrupt_later;
	add_interrupt(&h);
	for (i = 0; i < 3; i++) {
		assert_int_equal(lua_event_run(&ev, &h, PHASE_ACCESS), -E_HANDLER);
		assert_non_null(strstr(ev.err.text, "deadline exceeded"));
	}
	h.answer = NULL;
	lua_host_close(&h);
}

static void test_interrupt_leaves_others_alone(void **state)
{
	struct lua_host h;
	struct lua_event bad, good;

	(void)state;
	open_access(&h, "local which = kong.request.get_header('good')\n"
			"if which == 'bad' then interrupt() end\n"
			"for i = 1, 2 do pcall(kong.request.get_header, 'x') end");
	add_interrupt(&h);
	lua_event_start(&bad, &h, PHASE_ACCESS);
	lua_event_start(&good, &h, PHASE_ACCESS);
	bad.reply = value_str("bad");
	lua_event_step(&bad);
	assert_true(bad.done);
	assert_int_equal(bad.rc, -E_HANDLER);
	while (lua_event_step(&good))
		;
	assert_true(good.done);
	assert_int_equal(good.rc, 0);
	lua_event_end(&bad);
	lua_event_end(&good);
	lua_host_access(&h);
	lua_host_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_inside_pcall_never_returns),
		cmocka_unit_test(test_memory_is_flat_over_abandoned_events),
		cmocka_unit_test(test_threads_of_ended_events_are_used_again),
		cmocka_unit_test(test_lost_events_can_be_ended_while_they_wait),
		cmocka_unit_test(test_error_objects_become_texts),
		cmocka_unit_test(test_endless_recursion_is_an_error),
		cmocka_unit_test(test_lack_of_memory_is_an_error),
		cmocka_unit_test(test_calls_fail_with_the_text_and_the_callers_line),
		cmocka_unit_test(test_traceback_is_kept_with_the_event),
		cmocka_unit_test(test_of_a_stack_that_has_overflown_both_ends_are_kept),
		cmocka_unit_test(test_phase_that_the_handler_lacks_does_nothing),
		cmocka_unit_test(test_handlers_may_be_inherited),
		cmocka_unit_test(test_conf_is_one_table_for_its_life),
		cmocka_unit_test(test_init_worker_runs_first),
		cmocka_unit_test(test_interrupt_ends_loops_that_swallow_errors),
		cmocka_unit_test(test_interrupt_leaves_others_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
