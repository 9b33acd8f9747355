/* test_lua_value.c - values through Lua and back. */
#include <math.h>
#include <string.h>
#include "pdk-bridge/lua_compat.h"
#include "pdk-bridge/lua_pdk.h"
#include "protocol/arena.h"
#include "protocol/err.h"
#include "tests/lib/unit.h"

struct fixture {
	lua_State *L;
	struct arena arena;
	struct err err;
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.L = luaL_newstate();
	luaL_openlibs(f.L);
	lua_compat_open(f.L);
	*state = &f;
	return f.L == NULL;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	lua_close(f->L);
	arena_fini(&f->arena);
	return 0;
}

/* The value of a Lua expression, read. */
static int read_code(struct fixture *f, const char *code, struct value *ret)
{
	lua_settop(f->L, 0);
	if (luaL_dostring(f->L, code) != 0)
		fail_msg("%s", lua_tostring(f->L, -1));
	return lua_value_read(f->L, -1, &f->arena, ret, &f->err);
}

static struct value value_of(struct fixture *f, const char *code)
{
	struct value v;

	if (read_code(f, code, &v) != 0)
		fail_msg("%s: %s", code, f->err.text);
	return v;
}

static void check_round_trip(struct fixture *f, struct value v)
{
	struct value back;

	lua_settop(f->L, 0);
	lua_value_push(f->L, &v, LUA_NIL_ABSENT);
	assert_int_equal(lua_gettop(f->L), 1);
	assert_int_equal(lua_value_read(f->L, 1, &f->arena, &back, &f->err), 0);
	assert_true(value_equal(&v, &back));
}

static void test_scalars_survive(void **state)
{
	check_round_trip(*state, value_nil());
	check_round_trip(*state, value_bool(false));
	check_round_trip(*state, value_bool(true));
	check_round_trip(*state, value_int(0));
	check_round_trip(*state, value_int(-1));
	check_round_trip(*state, value_int((int64_t)1 << 53));
	check_round_trip(*state, value_int(-((int64_t)1 << 53)));
	check_round_trip(*state, value_double(0.5));
	check_round_trip(*state, value_double(INFINITY));
	check_round_trip(*state, value_str(""));
	check_round_trip(*state, value_strn("a\0b\xff\n", 5));
}

static void test_nan_stays_a_double(void **state)
{
	struct value v = value_of(*state, "return 0 / 0");

	assert_int_equal(v.type, VALUE_DOUBLE);
	assert_true(isnan(v.d));
}

static void test_bin_becomes_a_string(void **state)
{
	struct fixture *f = *state;
	struct value v = value_strn("\0\1", 2);

	v.type = VALUE_BIN;
	lua_value_push(f->L, &v, LUA_NIL_ABSENT);
	assert_int_equal(lua_objlen(f->L, -1), 2);
}

static void test_big_integers_become_doubles(void **state)
{
	struct fixture *f = *state;
	struct value v = {.type = VALUE_UINT, .u = UINT64_MAX};

	lua_value_push(f->L, &v, LUA_NIL_ABSENT);
	assert_true(lua_tonumber(f->L, -1) == 18446744073709551615.0);
}

static void test_kinds_of_tables(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(value_of(f, "return {}").type, VALUE_ARRAY);
	assert_int_equal(value_of(f, "return { 1, 2 }").type, VALUE_ARRAY);
	assert_int_equal(value_of(f, "return { 1, 2 }").len, 2);
	assert_int_equal(value_of(f, "return { a = 1 }").type, VALUE_MAP);
	assert_int_equal(value_of(f, "return { 1, a = 1 }").type, VALUE_MAP);
	assert_int_equal(value_of(f, "return { [1] = 1, [3] = 3 }").type, VALUE_MAP);
	assert_int_equal(value_of(f, "return { [0] = 1, 2 }").type, VALUE_MAP);
	assert_int_equal(value_of(f, "return { [1.5] = 1 }").type, VALUE_MAP);
	assert_int_equal(value_of(f, "return setmetatable({}, { __jsontype = 'object' })").type,
			 VALUE_MAP);
	assert_int_equal(value_of(f, "return setmetatable({}, { __jsontype = 'array' })").type,
			 VALUE_ARRAY);
	assert_int_equal(value_of(f, "return setmetatable({}, { __jsontype = 1 })").type,
			 VALUE_ARRAY);
}

static void test_nested_tables(void **state)
{
	struct value v = value_of(*state, "return { a = { 'x', { b = false } }, [7] = 'seven' }");
	const struct value *a = value_map_get(&v, "a");

	assert_int_equal(v.len, 2);
	assert_non_null(a);
	assert_int_equal(a->len, 2);
	assert_true(value_text_is(&a->items[0], "x"));
	assert_int_equal(value_map_get(&a->items[1], "b")->type, VALUE_BOOL);
}

static void test_shared_tables_are_copied(void **state)
{
	struct value v = value_of(*state, "local t = { 1 } return { t, t }");

	assert_true(value_equal(&v.items[0], &v.items[1]));
}

static void test_null_is_nil(void **state)
{
	struct fixture *f = *state;
	struct value v;

	lua_pushlightuserdata(f->L, NULL);
	assert_int_equal(lua_value_read(f->L, -1, &f->arena, &v, &f->err), 0);
	assert_int_equal(v.type, VALUE_NIL);
}

static void check_refused(struct fixture *f, const char *code, const char *want)
{
	struct value v = value_int(7);

	assert_int_equal(read_code(f, code, &v), -E_ARGUMENT);
	assert_int_equal(v.i, 7);
	if (strstr(f->err.text, want) == NULL)
		fail_msg("\"%s\" has no \"%s\"", f->err.text, want);
}

static void test_what_cannot_cross_is_refused(void **state)
{
	check_refused(*state, "return print", "a function can't be sent");
	check_refused(*state, "return { x = { print } }", "a function can't be sent");
	check_refused(*state, "return { [print] = 1 }", "a function can't be sent");
	check_refused(*state, "return coroutine.create(function() end)", "a thread can't be sent");
	check_refused(*state, "return io.stdout", "a userdata can't be sent");
	check_refused(*state, "local t = {} t.t = t return t", "contains itself");
	check_refused(*state, "local t = {} for i = 1, 1000 do t = { t } end return t",
		      "deeper than");
}

#ifdef OUTRIGGER_LUAJIT
static void test_cdata_is_refused(void **state)
{
	check_refused(*state, "return require('ffi').new('int64_t', 5)", "use tonumber()");
	check_refused(*state, "return { 5LL }", "a cdata can't be sent");
}
#endif

static void test_nil_in_a_map_is_absent(void **state)
{
	struct fixture *f = *state;
	struct value v;

	value_new_map(&f->arena, 3, &v);
	v.pairs[0] = (struct value_pair){value_str("gone"), value_nil()};
	v.pairs[1] = (struct value_pair){value_nil(), value_str("no key")};
	v.pairs[2] = (struct value_pair){value_double(NAN), value_str("no key")};
	lua_value_push(f->L, &v, LUA_NIL_ABSENT);
	lua_pushnil(f->L);
	assert_false(lua_next(f->L, -2));
}

static void test_nil_in_json_is_null(void **state)
{
	struct fixture *f = *state;
	struct value v;

	value_new_array(&f->arena, 2, &v);
	v.items[1] = value_int(1);
	lua_value_push(f->L, &v, LUA_NIL_NULL);
	lua_rawgeti(f->L, -1, 1);
	assert_true(lua_islightuserdata(f->L, -1));
	assert_int_equal(lua_objlen(f->L, -2), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_scalars_survive, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nan_stays_a_double, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bin_becomes_a_string, setup, teardown),
		cmocka_unit_test_setup_teardown(test_big_integers_become_doubles, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kinds_of_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nested_tables, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shared_tables_are_copied, setup, teardown),
		cmocka_unit_test_setup_teardown(test_null_is_nil, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_cannot_cross_is_refused, setup, teardown),
#ifdef OUTRIGGER_LUAJIT
		cmocka_unit_test_setup_teardown(test_cdata_is_refused, setup, teardown),
#endif
		cmocka_unit_test_setup_teardown(test_nil_in_a_map_is_absent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nil_in_json_is_null, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
