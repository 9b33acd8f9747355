/* pdk_fake.c - see pdk_fake.h. */
#include "tests/lib/pdk_fake.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "tests/lib/unit.h"

static void add(char *to, size_t size, const char *text)
{
	size_t used = strlen(to);

	snprintf(to + used, size - used, "%s", text);
}

/* Values as a JSON array, in the arena. */
static const char *to_json(struct arena *arena, const struct value *v, size_t n)
{
	char *text = arena_printf(arena, "[");
	struct value one;
	size_t i;

	for (i = 0; i < n; i++) {
		if (pdk_json_write(arena, &v[i], &one) != 0)
			one = value_str("?");
		text = arena_printf(arena, "%s%s%.*s", text, i ? "," : "", (int)one.len, one.s);
	}
	return arena_printf(arena, "%s]", text);
}

static struct value from_json(struct arena *arena, const char *json)
{
	struct value v = value_nil();

	if (json != NULL && pdk_json_read(arena, json, strlen(json), &v) != 0) {
		fprintf(stderr, "bad JSON in the test: %s\n", json);
		abort();
	}
	return v;
}

/* ---- the gateway ---- */

static int fake_send(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv,
		     size_t argc, struct err *err)
{
	struct pdk_fake *fake = rq->server;

	(void)err;
	add(fake->sent, sizeof(fake->sent), fn->name);
	add(fake->sent, sizeof(fake->sent), " ");
	add(fake->sent, sizeof(fake->sent), to_json(&rq->arena, argv, argc));
	add(fake->sent, sizeof(fake->sent), "\n");
	return 0;
}

static void fake_log(struct pdk_rq *rq, enum log_level level, const char *text, size_t n)
{
	struct pdk_fake *fake = rq->server;
	size_t used = strlen(fake->log);

	snprintf(fake->log + used, sizeof(fake->log) - used, "%d %.*s\n", level, (int)n, text);
}

/* The last call that was sent. */
static const char *last_call(const struct pdk_fake *fake)
{
	static char line[4096];
	size_t n = strlen(fake->sent), from = n - 1;

	while (from > 0 && fake->sent[from - 1] != '\n')
		from--;
	snprintf(line, sizeof(line), "%.*s", (int)(n - 1 - from), fake->sent + from);
	return line;
}

static const char *find_answer(const struct pdk_fake *fake)
{
	const struct pdk_fake_answer *a;

	for (a = fake->answers; a != NULL && a->call != NULL; a++)
		if (strcmp(a->call, last_call(fake)) == 0)
			return a->reply;
	return NULL;
}

/* The answer's memory is fresh each time, so that whoever keeps an old one is found out. */
static bool answer(struct pdk_fake *fake)
{
	const char *reply = find_answer(fake);
	struct value v;

	arena_fini(&fake->wire);
	arena_init(&fake->wire, 0);
	if (reply != NULL && strcmp(reply, "!") == 0)
		return pdk_rq_deliver(&fake->rq, NULL, -E_CLOSED);
	if (reply != NULL && reply[0] == '!') {
		v = value_str(reply + 1);
		return pdk_rq_deliver(&fake->rq, &v, -E_HANDLER);
	}
	v = from_json(&fake->wire, reply);
	return pdk_rq_deliver(&fake->rq, &v, 0);
}

/* ---- the event ---- */

static void run_handler(void *arg)
{
	struct pdk_rq *rq = arg;
	struct pdk_fake *fake = rq->server;

	fake->handler(fake);
	fake->returned = true;
}

void pdk_fake_init(struct pdk_fake *fake)
{
	memset(fake, 0, sizeof(*fake));
	fake->port = (struct pdk_port){.send = fake_send, .log = fake_log};
	fake->env = (struct pdk_env){
		.port = &fake->port,
		.log_level = LOG_LEVEL_DEBUG,
		.kong_version = 309,
		.read_cache = true,
		.plugin = "test",
	};
	fiber_pool_init(&fake->pool, FIBER_STACK_SIZE, 4);
}

void pdk_fake_fini(struct pdk_fake *fake)
{
	arena_fini(&fake->wire);
	fiber_pool_fini(&fake->pool);
}

void pdk_fake_run(struct pdk_fake *fake, enum phase phase, void (*handler)(struct pdk_fake *fake))
{
	bool parked;

	fake->rq = (struct pdk_rq){.server = fake, .gateway = 1};
	fake->handler = handler;
	fake->returned = false;
	fake->sent[0] = fake->failure[0] = '\0';
	pdk_rq_init(&fake->rq, &fake->env, 1, phase);
	fake->rq.fiber = fiber_create(&fake->pool, run_handler, &fake->rq);
	assert_non_null(fake->rq.fiber);
	parked = fiber_resume(fake->rq.fiber);
	while (parked && fake->rq.state == PDK_RQ_WAITING)
		parked = answer(fake);
	fiber_destroy(fake->rq.fiber);
	pdk_rq_fini(&fake->rq);
	if (fake->failure[0] != '\0')
		fail_msg("%s", fake->failure);
}

/* ---- the handler's side ---- */

const char *pdk_fake_call(struct pdk_fake *fake, const char *name, const char *args)
{
	const struct pdk_fn *fn = pdk_find(name, strlen(name));
	struct value argv = from_json(&fake->rq.arena, args);
	struct pdk_ret ret;
	struct err err = {0};
	int rc;

	if (fn == NULL)
		return "no such function";
	rc = pdk_call(&fake->rq, fn->id, argv.items, argv.len, &ret, &err);
	if (rc != 0)
		return arena_printf(&fake->rq.arena, "!%s", err_message(&err, rc));
	return to_json(&fake->rq.arena, ret.v, ret.n);
}

void pdk_expect(struct pdk_fake *fake, const char *name, const char *args, const char *expected)
{
	const char *got = pdk_fake_call(fake, name, args);

	if (fake->failure[0] == '\0' && strcmp(got, expected) != 0)
		snprintf(fake->failure, sizeof(fake->failure),
			 "%s%s\n  gives    %s\n  expected %s\n  sent:\n%s", name, args, got,
			 expected, fake->sent);
}
