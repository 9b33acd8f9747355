/* fuzz_pdk_body.c - what clients send and we decode: JSON, forms, multipart bodies, paths, references.
 * The first byte chooses; of a multipart body the first line is its content type. */
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_form.h"
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_path.h"

#define ARENA_LIMIT ((size_t)32 << 20)

static void must(bool condition)
{
	if (!condition)
		abort();
}

/* What was read from JSON, written, reads as the same. */
static void fuzz_json(struct arena *arena, const char *text, size_t n)
{
	struct value v, written, again;

	if (pdk_json_read(arena, text, n, &v) != 0 || !value_is_table(&v))
		return;
	if (pdk_json_write(arena, &v, &written) != 0)
		return; /* texts that are no UTF-8 */
	must(pdk_json_read(arena, written.s, written.len, &again) == 0);
	must(again.len == v.len);
}

/* Fields lie inside of the body. */
static void fuzz_multipart(struct arena *arena, const char *text, size_t n)
{
	const char *line = memchr(text, '\n', n);
	size_t type_size = line ? (size_t)(line - text) : n;
	struct value type = value_strn(text, type_size), fields;
	struct value body = value_strn(text + type_size, n - type_size);
	uint32_t i;

	if (pdk_multipart_read(arena, &type, &body, &fields) != 0)
		return;
	for (i = 0; i < fields.len; i++) {
		const struct value *v = &fields.pairs[i].value;

		must(v->type == VALUE_ARRAY || v->s + v->len <= body.s + body.len);
	}
}

static void fuzz_form(struct arena *arena, const char *text, size_t n)
{
	struct value body = value_strn(text, n), fields;

	if (pdk_form_read(arena, &body, 100, &fields) == 0)
		must(pdk_count_lines(&fields) <= 100);
}

/* A normalised path has neither dot segments nor double slashes. */
static void fuzz_path(struct arena *arena, const char *text, size_t n)
{
	struct value path = value_strn(text, n), normal;

	if (pdk_path_normalize(arena, &path, &normal) != 0)
		return;
	must(normal.len <= n);
	must(memmem(normal.s, normal.len, "//", 2) == NULL);
	must(memmem(normal.s, normal.len, "/../", 4) == NULL);
	must(memmem(normal.s, normal.len, "/./", 3) == NULL);
}

static void fuzz_reference(struct arena *arena, const char *text, size_t n)
{
	struct pdk_env env = {.read_cache = true};
	struct pdk_rq rq = {0};
	struct value v = value_strn(text, n);
	struct pdk_ret ret;

	(void)arena;
	pdk_rq_init(&rq, &env, 0, PHASE_ACCESS);
	must(pdk_call(&rq, PDK_ID_vault_parse_reference, &v, 1, &ret, NULL) == 0);
	must(ret.n == (ret.v[0].type == VALUE_NIL ? 2 : 1));
	pdk_rq_fini(&rq);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const fuzz[])(struct arena * arena, const char *text, size_t n) = {
		fuzz_json, fuzz_multipart, fuzz_form, fuzz_path, fuzz_reference,
	};
	struct arena arena;
	char *copy;

	if (size < 1)
		return 0;
	copy = malloc(size > 1 ? size - 1 : 1); /* exactly, so that reading beyond it is seen */
	must(copy != NULL);
	memcpy(copy, data + 1, size - 1);
	arena_init(&arena, ARENA_LIMIT);
	fuzz[data[0] % (sizeof(fuzz) / sizeof(fuzz[0]))](&arena, copy, size - 1);
	arena_fini(&arena);
	free(copy);
	return 0;
}
