/* test_lua_kong.c - the globals that a handler finds: kong and what completes it, ngx, print. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "plugins/lua/lua_impl.h"
#include "tests/lib/lua_host.h"
#include "tests/lib/unit.h"

/* What the gateway was asked, a line each: "kong.nginx.set_ctx outrigger:p". */
static char asked[4096];
/* The gateway's ngx.ctx, one value: any bytes. */
static char kept[1024];
static size_t kept_len;
static struct value shared;

static void note_call(const char *method, const struct value *argv, size_t argc)
{
	size_t used = strlen(asked);
	size_t i;

	used += (size_t)snprintf(asked + used, sizeof(asked) - used, "%s", method);
	for (i = 0; i < argc && used < sizeof(asked); i++)
		used += (size_t)snprintf(asked + used, sizeof(asked) - used, " %.*s",
					 value_is_text(&argv[i]) ? (int)argv[i].len : 1,
					 value_is_text(&argv[i]) ? argv[i].s : "?");
	snprintf(asked + strlen(asked), sizeof(asked) - strlen(asked), "\n");
}

static struct value gateway(struct lua_event *ev, const char *method, const struct value *argv,
			    size_t argc)
{
	bool is_set = strcmp(method, "kong.nginx.set_ctx") == 0;

	(void)ev;
	if (is_set) {
		kept_len = argv[1].len < sizeof(kept) ? argv[1].len : sizeof(kept);
		memcpy(kept, argv[1].s, kept_len);
	}
	note_call(method, argv, is_set ? 1 : argc);
	if (strcmp(method, "kong.nginx.get_ctx") == 0)
		return kept_len > 0 ? value_strn(kept, kept_len) : value_nil();
	if (strcmp(method, "kong.ctx.shared.get") == 0)
		return shared;
	return argc > 0 ? argv[0] : value_nil();
}

static void open_with_gateway(struct lua_host *h, const char *body)
{
	lua_host_open(h, body, NULL);
	h->answer = gateway;
	asked[0] = '\0';
	kept_len = 0;
	shared = value_nil();
}

static void run(struct lua_host *h, enum phase phase)
{
	struct lua_event ev;

	if (lua_event_run(&ev, h, phase) != 0)
		fail_msg("%s", ev.err.text);
}

static void check_code(const char *code)
{
	struct lua_host h;
	char body[4096];

	snprintf(body, sizeof(body), "function P:access(conf)\n%s\nend", code);
	open_with_gateway(&h, body);
	run(&h, PHASE_ACCESS);
	lua_host_close(&h);
}

/* ---- kong.ctx.plugin ---- */

#define PHASES_OF_CTX                                                                               \
	"function P:rewrite() kong.ctx.plugin.a = { 1 } kong.ctx.plugin.b = print end\n"            \
	"function P:access() assert(kong.ctx.plugin.a[1] == 1)\n"                                   \
	"  assert(kong.ctx.plugin.b == print) kong.ctx.plugin.a[1] = 2 kong.ctx.plugin.c = 3 end\n" \
	"function P:log() local n = 0 for k in pairs(kong.ctx.plugin) do n = n + 1 end\n"           \
	"  assert(n == 3 and kong.ctx.plugin.a[1] == 2 and kong.ctx.plugin == kong.ctx.plugin) end"

static void test_ctx_plugin_lives_through_the_phases(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, PHASES_OF_CTX);
	run(&h, PHASE_REWRITE);
	assert_string_equal(asked, "kong.nginx.set_ctx outrigger:p\n");
	asked[0] = '\0';
	run(&h, PHASE_ACCESS);
	assert_string_equal(asked, "kong.nginx.get_ctx outrigger:p\n"
				   "kong.nginx.set_ctx outrigger:p\n");
	asked[0] = '\0';
	run(&h, PHASE_LOG);
	assert_string_equal(asked, "kong.nginx.get_ctx outrigger:p\n");
	lua_host_close(&h);
}

/* Two workers: one runs access and log, the other one response. */
static void check_two_workers(const char *body)
{
	struct lua_host one, two;
	static const enum phase phases[] = {PHASE_ACCESS, PHASE_RESPONSE, PHASE_LOG};

	open_with_gateway(&one, body);
	open_with_gateway(&two, body);
	for (size_t i = 0; i < 3; i++)
		run(i == 1 ? &two : &one, phases[i]);
	lua_host_close(&one);
	lua_host_close(&two);
}

static void test_ctx_plugin_goes_from_worker_to_worker(void **state)
{
	(void)state;
	check_two_workers(
		"local mine = 'access'\n"
		"function P:access() local t = kong.ctx.plugin assert(next(t) == nil)\n"
		"  t.s, t.n, t.d, t.b, t.bytes = 'x', 7, 0.1, false, '\\0\\255'\n"
		"  t.deep, t[1], t[2.5] = { list = { 1, 2 }, [7] = { x = ngx.null } }, 'i', 'd'\n"
		"  t.list = { 'a', 'b', x = 'c' } end\n"
		"function P:response() local t = kong.ctx.plugin\n"
		"  assert(t.s == 'x' and t.n == 7 and t.d == 0.1 and t.b == false)\n"
		"  assert(t.bytes == '\\0\\255' and t[1] == 'i' and t[2.5] == 'd')\n"
		"  assert(t.deep.list[2] == 2 and t.deep[7].x == ngx.null)\n"
		"  assert(t.list[2] == 'b' and t.list.x == 'c')\n"
		"  t.deep.list[3], t.s, t.fn = 3, nil, print end\n"
		"function P:log() local t = kong.ctx.plugin\n"
		"  assert(t.s == nil and t.deep.list[3] == 3 and t.n == 7 and t.fn == nil) end");
}

static void test_what_cannot_cross_is_there_again_where_it_was_left(void **state)
{
	(void)state;
	check_two_workers("function P:access() kong.ctx.plugin.fn, kong.ctx.plugin.a = print, 1\n"
			  "  ngx.ctx.fn = print end\n"
			  "function P:response() assert(kong.ctx.plugin.fn == nil) end\n"
			  "function P:log() assert(kong.ctx.plugin.fn == print) end");
}

static void test_ctx_plugin_of_a_handler_that_failed_is_there_in_log(void **state)
{
	struct lua_host h;
	struct lua_event ev;

	(void)state;
	open_with_gateway(&h, "function P:access() kong.ctx.plugin.a = 1 error('no') end\n"
			      "function P:log() assert(kong.ctx.plugin.a == 1) end");
	assert_int_not_equal(lua_event_run(&ev, &h, PHASE_ACCESS), 0);
	assert_non_null(strstr(ev.err.text, "no"));
	run(&h, PHASE_LOG);
	lua_host_close(&h);
}

static void test_ctx_that_is_too_large_stays(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() kong.ctx.plugin.a = ('x'):rep(70000) end\n"
			      "function P:log() assert(#kong.ctx.plugin.a == 70000) end");
	run(&h, PHASE_ACCESS);
	assert_true(kept_len < 100);
	run(&h, PHASE_LOG);
	lua_host_close(&h);
}

/* What somebody else has put there is no table of ours. */
static void test_ctx_plugin_survives_garbage_at_the_gateway(void **state)
{
	static const char *garbage[] = {"x", "\x92\xc2", "\x92\x01\x02", "\xdd\xff\xff\xff\xff",
					"\x90"};
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() end\n"
			      "function P:log() assert(next(kong.ctx.plugin) == nil) end");
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		kept_len = strlen(garbage[i]);
		memcpy(kept, garbage[i], kept_len);
		run(&h, PHASE_LOG);
	}
	lua_host_close(&h);
}

static void test_ctx_plugin_of_a_single_phase_costs_nothing(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() kong.ctx.plugin.a = 1\n"
			      "  assert(kong.ctx.plugin.a == 1) end");
	run(&h, PHASE_ACCESS);
	assert_string_equal(asked, "");
	lua_host_close(&h);
}

static void test_ctx_plugin_that_is_only_read_is_not_stored(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() assert(kong.ctx.plugin.a == nil) end\n"
			      "function P:log() assert(kong.ctx.plugin.a == nil) end");
	run(&h, PHASE_ACCESS);
	assert_string_equal(asked, "");
	run(&h, PHASE_LOG);
	assert_string_equal(asked, "kong.nginx.get_ctx outrigger:p\n");
	lua_host_close(&h);
}

static void test_ctx_plugin_belongs_to_a_request(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() assert(kong.ctx.plugin.a == nil)\n"
			      "  kong.ctx.plugin.a = 1 end\n"
			      "function P:log() assert(kong.ctx.plugin.a == 1) end");
	run(&h, PHASE_ACCESS);
	run(&h, PHASE_ACCESS);
	run(&h, PHASE_LOG);
	lua_host_close(&h);
}

static size_t kilobytes(const struct lua_host *h)
{
	lua_State *L = ((struct lua_plugin *)h->plugin->impl)->L;

	lua_gc(L, LUA_GCCOLLECT, 0);
	return (size_t)lua_gc(L, LUA_GCCOUNT, 0);
}

static void test_ctx_plugin_is_bounded(void **state)
{
	struct lua_host h;
	size_t i, warm = 0;

	(void)state;
	open_with_gateway(&h, "function P:access() kong.ctx.plugin.a = print end\n"
			      "function P:log() end");
	for (i = 0; i < 120000; i++) {
		asked[0] = '\0';
		run(&h, PHASE_ACCESS);
		if (i == 70000)
			warm = kilobytes(&h);
	}
	assert_true(kilobytes(&h) <= warm + warm / 2);
	lua_host_close(&h);
}

/* ---- kong.ctx.shared ---- */

static void test_ctx_shared_is_a_table_at_the_gateway(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h,
			  "function P:access() local s = kong.ctx.shared\n"
			  "  assert(s.x == 'there' and s.x == 'there') s.y = 1 assert(s.y == 1)\n"
			  "  s.get = 'mine' assert(s.get == 'mine') s.x = nil assert(s.x == nil)\n"
			  "  s.t = { 1 } assert(s.t == s.t) end");
	shared = value_str("there");
	run(&h, PHASE_ACCESS);
	assert_string_equal(asked, "kong.ctx.shared.get x\n"
				   "kong.ctx.shared.set y ?\n"
				   "kong.ctx.shared.set get mine\n"
				   "kong.ctx.shared.set x\n"
				   "kong.ctx.shared.set t ?\n");
	lua_host_close(&h);
}

static void test_ctx_shared_tables_that_change_are_sent_again(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() local s = kong.ctx.shared\n"
			      "  s.t = { a = { 1 } } s.same = { 1 } s.t.a[1] = 2\n"
			      "  assert(s.t.a[1] == 2) kong.response.exit(200) end");
	run(&h, PHASE_ACCESS);
	assert_string_equal(asked, "kong.ctx.shared.set t ?\n"
				   "kong.ctx.shared.set same ?\n"
				   "kong.ctx.shared.set t ?\n"
				   "kong.response.exit ?\n");
	lua_host_close(&h);
}

static void test_ctx_shared_that_cannot_be_sent_again_is_a_warning(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() kong.ctx.shared.t = {}\n"
			      "  kong.ctx.shared.t.f = print kong.response.exit(200) end");
	run(&h, PHASE_ACCESS);
	assert_non_null(strstr(asked, "kong.log.warn"));
	assert_non_null(strstr(asked, "\nkong.response.exit ?\n"));
	lua_host_close(&h);
}

/* ---- every row ---- */

/* Leaves kong.a.b on the stack; nil where a part of it is missing. */
static void push_by_name(lua_State *L, const char *name)
{
	char part[128];
	size_t n;

	lua_pushvalue(L, LUA_GLOBALSINDEX);
	for (; *name && lua_istable(L, -1); name += name[n] ? n + 1 : n) {
		n = strcspn(name, ".");
		snprintf(part, sizeof(part), "%.*s", (int)n, name);
		lua_getfield(L, -1, part);
		lua_remove(L, -2);
	}
}

static bool is_callable(lua_State *L)
{
	return lua_isfunction(L, -1) || luaL_getmetafield(L, -1, "__call");
}

static void test_every_row_is_there(void **state)
{
	struct lua_host h;
	lua_State *L;
	size_t i;

	(void)state;
	open_with_gateway(&h, "");
	L = ((struct lua_plugin *)h.plugin->impl)->L;
	for (i = 0; i < PDK_ID_COUNT; i++) {
		if (strncmp(pdk_table[i].name, "kong.ctx.", 9) == 0)
			continue; /* tables here */
		push_by_name(L, pdk_table[i].name);
		if (!is_callable(L))
			fail_msg("%s is a %s", pdk_table[i].name, luaL_typename(L, -1));
		lua_settop(L, 0);
	}
	lua_host_close(&h);
}

/* ---- headers ---- */

static struct value headers_gateway(struct lua_event *ev, const char *method,
				    const struct value *argv, size_t argc)
{
	struct value map;

	(void)method;
	(void)argv;
	(void)argc;
	if (value_new_map(&ev->rq.arena, 1, &map) != 0)
		return value_nil();
	map.pairs[0] = (struct value_pair){value_str("x-one"), value_str("1")};
	return map;
}

static void test_headers_are_found_in_any_spelling(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() local h = kong.request.get_headers()\n"
			      "  assert(h['X-One'] == '1' and h.x_one == '1' and h.y == nil)\n"
			      "  local n = 0 for k in pairs(h) do n = n + 1 end assert(n == 1)\n"
			      "  local ok, e = pcall(kong.request.get_headers, 'x')\n"
			      "  ok, e = pcall(function() kong.request.get_headers('x') end)\n"
			      "  assert(not ok and e:find('handler.lua:5: '), e) end");
	h.answer = headers_gateway;
	run(&h, PHASE_ACCESS);
	lua_host_close(&h);
}

/* ---- kong.log, print ---- */

static void check_logged(const char *code, const char *want)
{
	struct lua_host h;
	char body[1024];

	snprintf(body, sizeof(body), "function P:access()\n%s\nend", code);
	open_with_gateway(&h, body);
	run(&h, PHASE_ACCESS);
	if (strstr(asked, want) == NULL)
		fail_msg("\"%s\" has no \"%s\"", asked, want);
	lua_host_close(&h);
}

static void test_log_calls_carry_level_text_and_source(void **state)
{
	(void)state;
	check_logged("kong.log.err('a ', 1)", "kong.log.err handler.lua:2 a 1");
	check_logged("kong.log('a', nil, true)", "kong.log.notice handler.lua:2 aniltrue");
	check_logged("print('x', {} ~= nil)", "kong.log.notice handler.lua:2 xtrue");
	check_logged("ngx.log(ngx.WARN, 'w')", "kong.log.warn handler.lua:2 w");
	check_logged("kong.log.warn(setmetatable({}, { __tostring = function() return 'T' end }))",
		     "kong.log.warn handler.lua:2 T");
	check_logged("kong.log.deprecation('old', { after = '1.0', removal = '2.0' })",
		     "kong.log.warn handler.lua:2 old (deprecated after 1.0, "
		     "scheduled for removal in 2.0)");
	check_logged("kong.log.inspect({ a = 'x', 1 }, 5)",
		     "kong.log.notice handler.lua:2 { 1,\n  a = \"x\"\n} 5");
	check_logged("kong.log.new('ns').info('x')", "kong.log.info handler.lua:2 [ns] x");
}

static void test_filtered_logs_cost_nothing(void **state)
{
	struct lua_host h;

	(void)state;
	open_with_gateway(&h, "function P:access() kong.log.debug(setmetatable({}, { __tostring =\n"
			      "  function() error('not called') end })) kong.log.inspect.off()\n"
			      "  kong.log.inspect(1) end");
	run(&h, PHASE_ACCESS);
	assert_string_equal(asked, "");
	lua_host_close(&h);
}

/* ---- the rest ---- */

static void test_tables_and_versions(void **state)
{
	(void)state;
	check_code("local m = kong.table.merge({ a = 1, b = 1 }, { b = 2 })\n"
		   "assert(m.a == 1 and m.b == 2) local t = kong.table.new(1, 2) t[1] = 1\n"
		   "kong.table.clear(t) assert(next(t) == nil)\n"
		   "assert(kong.version == '3.9.0' and kong.version_num == 30900)\n"
		   "assert(kong.configuration.role == 'traditional')\n"
		   "assert(not pcall(function() kong.configuration.x = 1 end))");
}

static void test_tracing_does_nothing(void **state)
{
	(void)state;
	check_code("local span = kong.tracing.start_span('x', {}) span:set_attribute('a', 1)\n"
		   "span:add_event('e') span:set_status(2) span:finish()\n"
		   "assert(kong.tracing.active_span() == nil and not span.is_recording)\n"
		   "kong.tracing.set_active_span(span)");
}

static void test_what_is_absent_says_so(void **state)
{
	(void)state;
	check_code("local db = kong.db\n"
		   "local ok, e = pcall(function() return db.consumers:select({ id = 'x' }) end)\n"
		   "assert(not ok and e:find('kong.db is not available in Outrigger: ', 1, true))\n"
		   "assert(e:find('handler.lua:%d+: kong.db is not available'), e)\n"
		   "assert(db.strategy == 'off')");
}

static void test_ngx_has_what_loading_needs(void **state)
{
	(void)state;
	check_code("assert(ngx.null == require('outrigger.core').null and ngx.ERR == 4)\n"
		   "assert(ngx.get_phase() == 'access' and ngx.worker.pid() > 0)\n"
		   "assert(ngx.now() > 1e9 and ngx.time() % 1 == 0 and ngx.HTTP_OK == 200)\n"
		   "assert(ngx.config.subsystem == 'http')");
}

/* ---- finalizers ---- */

static void test_call_from_a_finalizer_is_refused(void **state)
{
	(void)state;
	check_code(
		"local seen\n"
		"do local p = newproxy(true) getmetatable(p).__gc = function()\n"
		"  seen = select(2, pcall(kong.request.get_header, 'x')) kong.log.err('late') end end\n"
		"collectgarbage() collectgarbage()\n"
		"assert(type(seen) == 'string' and seen:find('from a finalizer'), seen)\n"
		"assert(kong.request.get_header('y') == 'y')");
}

static void test_collector_goes_on_after_finalizers(void **state)
{
	struct lua_host h;
	size_t i, most = 0, now;

	(void)state;
	open_with_gateway(&h,
			  "function P:access() local p = newproxy(true)\n"
			  "  getmetatable(p).__gc = function() pcall(kong.response.exit, 500) end\n"
			  "  local t = {} for i = 1, 100 do t[i] = {} end end");
	for (i = 0; i < 3000; i++) {
		run(&h, PHASE_ACCESS);
		now = (size_t)lua_gc(((struct lua_plugin *)h.plugin->impl)->L, LUA_GCCOUNT, 0);
		most = now > most ? now : most;
	}
	assert_string_equal(asked, "");
	assert_true(most < 8192);
	lua_host_close(&h);
}

static void test_collector_cannot_be_stopped(void **state)
{
	(void)state;
	check_code("collectgarbage('stop') assert(kong.request.get_header('y') == 'y')\n"
		   "assert(collectgarbage('count') > 0 and collectgarbage() == 0)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ctx_plugin_lives_through_the_phases),
		cmocka_unit_test(test_ctx_plugin_goes_from_worker_to_worker),
		cmocka_unit_test(test_what_cannot_cross_is_there_again_where_it_was_left),
		cmocka_unit_test(test_ctx_plugin_of_a_handler_that_failed_is_there_in_log),
		cmocka_unit_test(test_ctx_that_is_too_large_stays),
		cmocka_unit_test(test_ctx_plugin_survives_garbage_at_the_gateway),
		cmocka_unit_test(test_ctx_plugin_of_a_single_phase_costs_nothing),
		cmocka_unit_test(test_ctx_plugin_that_is_only_read_is_not_stored),
		cmocka_unit_test(test_ctx_plugin_belongs_to_a_request),
		cmocka_unit_test(test_ctx_plugin_is_bounded),
		cmocka_unit_test(test_ctx_shared_is_a_table_at_the_gateway),
		cmocka_unit_test(test_ctx_shared_tables_that_change_are_sent_again),
		cmocka_unit_test(test_ctx_shared_that_cannot_be_sent_again_is_a_warning),
		cmocka_unit_test(test_every_row_is_there),
		cmocka_unit_test(test_headers_are_found_in_any_spelling),
		cmocka_unit_test(test_log_calls_carry_level_text_and_source),
		cmocka_unit_test(test_filtered_logs_cost_nothing),
		cmocka_unit_test(test_tables_and_versions),
		cmocka_unit_test(test_tracing_does_nothing),
		cmocka_unit_test(test_what_is_absent_says_so),
		cmocka_unit_test(test_ngx_has_what_loading_needs),
		cmocka_unit_test(test_call_from_a_finalizer_is_refused),
		cmocka_unit_test(test_collector_goes_on_after_finalizers),
		cmocka_unit_test(test_collector_cannot_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
