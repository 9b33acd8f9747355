/* test_lua_fiber.c - PDK calls from wherever Lua code can stand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/lib/lua_host.h"
#include "tests/lib/unit.h"

/* Runs a body of the access handler that raises if something is wrong. */
static void check_access(const char *code)
{
	struct lua_host h;
	char body[8192];

	snprintf(body, sizeof(body),
		 "local get = kong.nginx.get_var\n"
		 "function P:access(conf)\n%s\nend",
		 code);
	lua_host_open(&h, body, NULL);
	lua_host_access(&h);
	assert_true(h.calls > 0);
	lua_host_close(&h);
}

static void test_plain_call(void **state)
{
	(void)state;
	check_access("assert(get('a') == 'a')");
}

static void test_inside_pcall(void **state)
{
	(void)state;
	check_access("local ok, v = pcall(get, 'a') assert(ok and v == 'a')\n"
		     "ok, v = pcall(function() local v = get('b') error('x' .. v, 0) end)\n"
		     "assert(not ok and v == 'xb')");
}

static void test_inside_xpcall_handler(void **state)
{
	(void)state;
	check_access("local ok, v = xpcall(function() error('a', 0) end,\n"
		     "  function(e) return get(e) .. get('b') end)\n"
		     "assert(not ok and v == 'ab', v)");
}

static void test_inside_metamethods(void **state)
{
	(void)state;
	check_access("local t = setmetatable({}, { __index = function(_, k) return get(k) end,\n"
		     "  __add = function(_, n) return get('n') .. n end,\n"
		     "  __concat = function(a, b) return get('c') end,\n"
		     "  __eq = function() return get('e') == 'e' end,\n"
		     "  __lt = function() return get('l') == 'l' end,\n"
		     "  __newindex = function(t, k, v) rawset(t, k, get(v)) end,\n"
		     "  __call = function(_, x) return get(x) end,\n"
		     "  __tostring = function() return get('s') end })\n"
		     "local u = setmetatable({}, getmetatable(t))\n"
		     "assert(t.k == 'k' and t + 1 == 'n1' and (t .. 'x') == 'c')\n"
		     "assert(t == u and t < u and t('call') == 'call' and tostring(t) == 's')\n"
		     "t.w = 'w' assert(rawget(t, 'w') == 'w')");
}

static void test_inside_gsub_and_nested(void **state)
{
	(void)state;
	check_access(
		"local s = ('abc'):gsub('.', function(c)\n"
		"  return get(c) .. ('x'):gsub('x', function(d) return get(d .. c) end)\nend)\n"
		"assert(s == 'axabxbcxc', s)");
}

static void test_inside_sort(void **state)
{
	(void)state;
	check_access("local t = {} for i = 1, 40 do t[i] = (i * 17) % 41 end\n"
		     "table.sort(t, function(a, b) get('x') return a < b end)\n"
		     "for i = 1, 40 do assert(t[i] == i) end");
}

static void test_inside_iterator(void **state)
{
	(void)state;
	check_access(
		"local n = 0\n"
		"for v in function(_, last) n = n + 1 if n < 5 then return get('i' .. n) end end do\n"
		"  assert(v == 'i' .. n)\nend assert(n == 5)");
}

static void test_inside_coroutines(void **state)
{
	(void)state;
	check_access("local f = coroutine.wrap(function(a)\n"
		     "  local b = coroutine.yield(get(a)) return get(b) .. get('z') end)\n"
		     "assert(f('1') == '1') assert(f('2') == '2z')\n"
		     "local co = coroutine.create(function() return pcall(get, 'c') end)\n"
		     "local ok, ok2, v = coroutine.resume(co) assert(ok and ok2 and v == 'c')\n"
		     "assert(get('after') == 'after')");
}

/* ---- many at once ---- */

#define MANY 2000

static const char everything[] =
	"local get = kong.nginx.get_var\n"
	"local function all(n)\n"
	"  local s = ('ab'):gsub('.', function(c) return get(c .. n) end)\n"
	"  assert(s == 'a' .. n .. 'b' .. n)\n"
	"  local t = { 3, 1, 2 }\n"
	"  table.sort(t, function(a, b) return tonumber(get(tostring(a))) < tonumber(get(tostring(b))) end)\n"
	"  assert(t[1] == 1 and t[3] == 3)\n"
	"  local m = setmetatable({}, { __index = function(_, k) return get(k) end })\n"
	"  local f = coroutine.wrap(function() coroutine.yield(m['x' .. n]) return get('y') end)\n"
	"  assert(f() == 'x' .. n) assert(f() == 'y')\n"
	"  local sum = 0 for i = 1, 200 do if i % 7 == n % 7 then sum = sum + #get(tostring(i)) end\n"
	"    sum = sum + #(tostring(i) .. n) end\n"
	"  local ok, e = pcall(function() get('p') error({ n = n }) end)\n"
	"  assert(not ok and e.n == n)\n"
	"  return sum\n"
	"end\n"
	"function P:access() local n = tonumber(get(kong.client.get_ip())) all(n % 13) end";

/* The client's address is the event's id; else an echo. */
static struct value answer_id(struct lua_event *ev, const char *method, const struct value *argv,
			      size_t argc)
{
	if (strcmp(method, "kong.client.get_ip") == 0)
		return value_str(arena_printf(&ev->rq.arena, "%d", (int)ev->rq.event_id));
	return argc > 0 ? argv[0] : value_nil();
}

static void interleave(struct lua_event *events, size_t n, unsigned seed)
{
	size_t left = n, i;

	for (i = 0; i < n; i++)
		assert_true(events[i].waiting);
	while (left > 0) {
		for (left = i = 0; i < n; i++) {
			size_t pick = (i * 7919 + seed) % n;

			left += lua_event_step(&events[pick]) || events[pick].waiting;
		}
		seed = seed * 1103515245 + 12345;
	}
}

static void test_thousands_interleaved(void **state)
{
	static struct lua_event events[MANY];
	struct lua_host h;
	unsigned round, i;

	(void)state;
	lua_host_open(&h, everything, NULL);
	h.answer = answer_id;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < MANY; i++)
			lua_event_start(&events[i], &h, PHASE_ACCESS);
		interleave(events, MANY, round);
		for (i = 0; i < MANY; i++) {
			if (events[i].rc != 0)
				fail_msg("%s", events[i].err.text);
			assert_true(events[i].done);
			lua_event_end(&events[i]);
		}
	}
	lua_host_close(&h);
}

/* Compiled code leaves a trace by the thread that ran last as LuaJIT knows it; an error that is raised
 * after others have run must have put that right. */
static struct value fail_some(struct lua_event *ev, const char *method, const struct value *argv,
			      size_t argc)
{
	if (argc > 0 && value_text_is(&argv[0], "fail"))
		ev->reply_rc = -E_TIMEOUT;
	return answer_id(ev, method, argv, argc);
}

static void test_compiled_loops_after_failed_calls(void **state)
{
	static struct lua_event events[100];
	struct lua_host h;
	unsigned round, i;

	(void)state;
	lua_host_open(&h,
		      "local get = kong.nginx.get_var\n"
		      "local function work(n, t) local s = 0\n"
		      "  for i = 1, 300 do if i % 97 == n then s = s + t.x end s = s + i % 3\n"
		      "    if i == 250 + n then break end end return s end\n"
		      "function P:access() local n = tonumber(get(kong.client.get_ip())) % 23\n"
		      "  local t, want = { x = n }\n"
		      "  for k = 1, 30 do assert(not pcall(get, 'fail'))\n"
		      "    local v = work(n, t) want = want or v assert(v == want) end end",
		      NULL);
	h.answer = fail_some;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 100; i++)
			lua_event_start(&events[i], &h, PHASE_ACCESS);
		interleave(events, 100, round);
		for (i = 0; i < 100; i++) {
			assert_int_equal(events[i].rc, 0);
			lua_event_end(&events[i]);
		}
	}
	lua_host_close(&h);
}

#ifdef OUTRIGGER_LUAJIT
static void test_inside_ffi_callbacks(void **state)
{
	static struct lua_event events[50];
	struct lua_host h;
	unsigned i;

	(void)state;
	lua_host_open(&h,
		      "local ffi = require 'ffi'\n"
		      "ffi.cdef[[void qsort(void *, size_t, size_t,\n"
		      "  int (*)(const int *, const int *));]]\n"
		      "function P:access() local a = ffi.new('int[?]', 20)\n"
		      "  for i = 0, 19 do a[i] = (i * 7) % 20 end\n"
		      "  local cb = ffi.cast('int (*)(const int *, const int *)', function(x, y)\n"
		      "    kong.nginx.get_var(tostring(x[0])) return x[0] - y[0] end)\n"
		      "  ffi.C.qsort(a, 20, 4, cb) cb:free()\n"
		      "  for i = 0, 19 do assert(a[i] == i) end end",
		      NULL);
	for (i = 0; i < 50; i++)
		lua_event_start(&events[i], &h, PHASE_ACCESS);
	interleave(events, 50, 1);
	for (i = 0; i < 50; i++) {
		if (events[i].rc != 0)
			fail_msg("%s", events[i].err.text);
		lua_event_end(&events[i]);
	}
	lua_host_close(&h);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_call),
		cmocka_unit_test(test_inside_pcall),
		cmocka_unit_test(test_inside_xpcall_handler),
		cmocka_unit_test(test_inside_metamethods),
		cmocka_unit_test(test_inside_gsub_and_nested),
		cmocka_unit_test(test_inside_sort),
		cmocka_unit_test(test_inside_iterator),
		cmocka_unit_test(test_inside_coroutines),
		cmocka_unit_test(test_thousands_interleaved),
		cmocka_unit_test(test_compiled_loops_after_failed_calls),
#ifdef OUTRIGGER_LUAJIT
		cmocka_unit_test(test_inside_ffi_callbacks),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
