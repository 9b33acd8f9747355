/* test_lualib.c - the Lua modules that are compiled in: as bytecode, and as the source that stands in for it. */
#include <lauxlib.h>
#include <lua.h>
#include <string.h>
#include "plugins/lua/lualib.h"
#include "tests/lib/unit.h"

static void assert_loads(lua_State *L, const struct lualib_file *file,
			 const struct lualib_text *text)
{
	if (luaL_loadbuffer(L, text->bytes, text->size, file->module) != 0)
		fail_msg("%s: %s", file->module, lua_tostring(L, -1));
	lua_pop(L, 1);
}

static void each_module_loads_from_its_bytecode_and_from_its_source(void **state)
{
	lua_State *L = luaL_newstate();

	(void)state;
	assert_non_null(L);
	assert_true(lualib_count > 0);
	for (size_t i = 0; i < lualib_count; i++) {
		const struct lualib_file *file = &lualib_files[i];

		assert_int_equal(file->code.bytes[0], LUA_SIGNATURE[0]);
		assert_int_not_equal(file->source.bytes[0], LUA_SIGNATURE[0]);
		assert_loads(L, file, &file->code);
		assert_loads(L, file, &file->source);
	}
	lua_close(L);
}

static void modules_are_in_the_order_in_which_they_are_looked_for(void **state)
{
	(void)state;
	for (size_t i = 1; i < lualib_count; i++)
		assert_true(strcmp(lualib_files[i - 1].module, lualib_files[i].module) < 0);
	assert_null(lualib_files[lualib_count].module);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_module_loads_from_its_bytecode_and_from_its_source),
		cmocka_unit_test(modules_are_in_the_order_in_which_they_are_looked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
