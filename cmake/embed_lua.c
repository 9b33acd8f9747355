/* embed_lua.c - a program of the build: embed_lua MODULE SOURCE INC
 *
 * Writes SOURCE, the file of the Lua module MODULE, as two C arrays into INC: its text, and the bytecode
 * of the Lua that the server is linked with. Each has a NUL behind it. Their names are the
 * macros SOURCE and CODE. */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>

struct array {
	FILE *out;
	unsigned column;
};

static int write_bytes(lua_State *L, const void *bytes, size_t n, void *user)
{
	const unsigned char *at = bytes;
	struct array *array = user;

	(void)L;
	for (size_t i = 0; i < n; i++)
		fprintf(array->out, "%u,%s", at[i], ++array->column % 24 == 0 ? "\n" : "");
	return ferror(array->out);
}

static int write_array(lua_State *L, FILE *out, const char *text, size_t n)
{
	struct array array = {.out = out};
	int failed;

	fputs("static const unsigned char SOURCE[] = {\n", out);
	failed = write_bytes(L, text, n, &array);
	fputs("0};\nstatic const unsigned char CODE[] = {\n", out);
	failed |= lua_dump(L, write_bytes, &array);
	fputs("0};\n", out);
	return failed;
}

/* The text of a file, on top. Raises. */
static const char *push_file(lua_State *L, const char *path, size_t *ret_n)
{
	FILE *file = fopen(path, "rb");
	char bytes[1 << 12];
	luaL_Buffer text;
	size_t n;

	if (file == NULL)
		luaL_error(L, "can't read %s", path);
	luaL_buffinit(L, &text);
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		luaL_addlstring(&text, bytes, n);
	fclose(file);
	luaL_pushresult(&text);
	return lua_tolstring(L, -1, ret_n);
}

static int embed(lua_State *L)
{
	char *const *argv = lua_touserdata(L, 1);
	size_t n;
	const char *text = push_file(L, argv[2], &n);
	FILE *out;
	int failed;

	lua_pushfstring(L, "=outrigger/%s", argv[1]); /* as lua_loader.c names it */
	if (luaL_loadbuffer(L, text, n, lua_tostring(L, -1)) != 0)
		return lua_error(L);
	out = fopen(argv[3], "w");
	if (out == NULL)
		return luaL_error(L, "can't write %s", argv[3]);
	failed = write_array(L, out, text, n);
	if (fclose(out) != 0 || failed)
		return luaL_error(L, "can't write %s", argv[3]);
	return 0;
}

int main(int argc, char **argv)
{
	lua_State *L = luaL_newstate();

	if (argc != 4 || L == NULL)
		return EXIT_FAILURE;
	if (lua_cpcall(L, embed, argv) != 0) {
		fprintf(stderr, "%s\n", lua_tostring(L, -1));
		return EXIT_FAILURE;
	}
	lua_close(L);
	return EXIT_SUCCESS;
}
