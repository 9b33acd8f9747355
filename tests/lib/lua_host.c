/* lua_host.c - see lua_host.h. */
#include "tests/lib/lua_host.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/runtime.h"

#define CHECK(cond)                                                                \
	do {                                                                       \
		if (!(cond)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
			abort();                                                   \
		}                                                                  \
	} while (0)

/* ---- the gateway's side ---- */

static struct value echo(struct lua_event *ev, const char *method, const struct value *argv,
			 size_t argc)
{
	(void)ev;
	(void)method;
	return argc > 0 ? argv[0] : value_nil();
}

static int host_send(struct pdk_rq *rq, const struct pdk_fn *fn, const struct value *argv,
		     size_t argc, struct err *err)
{
	struct lua_event *ev = rq->server;
	struct value reply;

	(void)err;
	ev->reply_rc = 0;
	snprintf(ev->method, sizeof(ev->method), "%s", fn->name);
	reply = (ev->host->answer ? ev->host->answer : echo)(ev, fn->name, argv, argc);
	CHECK(value_copy(&rq->arena, &reply, &ev->reply) == 0);
	ev->waiting = !(fn->flags & PDK_TERMINAL);
	ev->host->calls++;
	return 0;
}

static struct lua_host *logging; /* the log callback has no user data outside of events */

static void host_log(struct pdk_rq *rq, enum log_level level, const char *text, size_t n)
{
	size_t used = strlen(logging->log);

	(void)rq;
	snprintf(logging->log + used, sizeof(logging->log) - used, "%d %.*s\n", (int)level, (int)n,
		 text);
}

/* ---- plugins ---- */

void lua_host_init(struct lua_host *h)
{
	memset(h, 0, sizeof(*h));
	snprintf(h->dir, sizeof(h->dir), "/tmp/outrigger-lua-XXXXXX");
	CHECK(mkdtemp(h->dir));
	h->paths.plugins_dir = h->dir;
	h->port.send = host_send;
	h->port.log = host_log;
	logging = h;
	fiber_pool_init(&h->pool, FIBER_STACK_SIZE, 64);
}

void lua_host_write(struct lua_host *h, const char *name, const char *text)
{
	char path[256], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", h->dir, name);
	for (slash = strchr(path + strlen(h->dir) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
	f = fopen(path, "w");
	CHECK(f);
	CHECK(fputs(text, f) >= 0);
	CHECK(fclose(f) == 0);
}

struct init {
	struct pdk_rq rq; /* first: the fiber's argument */
	struct plugin *plugin;
	struct err *err;
	int rc;
};

static void run_init_worker(void *arg)
{
	struct init *init = arg;

	init->rc = init->plugin->runtime->init_worker(init->plugin, init->err);
}

static int configure(struct lua_host *h, struct err *err)
{
	const struct plugin_conf confs[] = {{.live = h->live}};

	if (!h->plugin->info.configures)
		return 0;
	return h->plugin->runtime->configure(h->plugin, confs, 1, err);
}

static int init_worker(struct lua_host *h, struct err *err)
{
	struct init init = {.plugin = h->plugin, .err = err};

	logging = h;
	pdk_rq_init(&init.rq, &h->plugin->env, 0, PHASE_INIT_WORKER);
	init.rq.fiber = fiber_create(&h->pool, run_init_worker, &init);
	CHECK(init.rq.fiber);
	CHECK(!fiber_resume(init.rq.fiber));
	fiber_destroy(init.rq.fiber);
	pdk_rq_fini(&init.rq);
	return init.rc;
}

int lua_host_load_as(struct lua_host *h, const char *name, const char *module, const char *conf,
		     struct err *err)
{
	struct plugin_spec spec = {.name = name,
				   .module = module,
				   .paths = &h->paths,
				   .env = {.port = &h->port,
					   .log_level = LOG_LEVEL_INFO,
					   .kong_version = 309,
					   .read_cache = true}};
	json_t *json;
	int rc = plugin_load(&spec, &h->plugin, err);

	if (rc != 0)
		return rc;
	rc = init_worker(h, err);
	if (rc != 0)
		return rc;
	json = json_loads(conf ? conf : "{}", 0, NULL);
	CHECK(json);
	rc = h->plugin->runtime->instance_start(h->plugin, json, &h->live, err);
	if (rc == 0)
		rc = configure(h, err);
	json_decref(json);
	return rc;
}

static const char *definition_of(const json_t *value)
{
	if (json_is_array(value))
		return "{ type = 'array', elements = { type = 'string' } }";
	if (json_is_object(value))
		return "{ type = 'map', keys = { type = 'string' }, values = { type = 'string' } }";
	if (json_is_number(value))
		return "{ type = 'number' }";
	return json_is_boolean(value) ? "{ type = 'boolean' }" : "{ type = 'string' }";
}

/* Writes the schema of the plugin "p": one that has the fields of this conf. */
static void write_schema(struct lua_host *h, const char *conf)
{
	json_t *json = json_loads(conf ? conf : "{}", 0, NULL);
	char text[4096];
	const char *name;
	json_t *value;
	size_t n;

	CHECK(json);
	n = (size_t)snprintf(text, sizeof(text),
			     "return { name = 'p', fields = { { config = { type = 'record', "
			     "fields = {\n");
	json_object_foreach(json, name, value) n += (size_t)snprintf(
		text + n, sizeof(text) - n, "{ ['%s'] = %s },\n", name, definition_of(value));
	snprintf(text + n, sizeof(text) - n, "} } } } }\n");
	lua_host_write(h, "p/schema.lua", text);
	json_decref(json);
}

void lua_host_open(struct lua_host *h, const char *body, const char *conf)
{
	char text[16384];
	struct err err = {""};
	int rc;

	lua_host_init(h);
	snprintf(text, sizeof(text),
		 "local P = { PRIORITY = 1, VERSION = \"1.0.0\" } %s\nreturn P\n", body);
	lua_host_write(h, "p/handler.lua", text);
	write_schema(h, conf);
	rc = lua_host_load_as(h, "p", NULL, conf, &err);
	if (rc != 0)
		fprintf(stderr, "%s\n", err.text);
	CHECK(rc == 0);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void lua_host_close(struct lua_host *h)
{
	if (h->plugin && h->live)
		h->plugin->runtime->instance_stop(h->plugin, h->live);
	plugin_destroy(h->plugin);
	fiber_pool_fini(&h->pool);
	nftw(h->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- events ---- */

static void run_event(void *arg)
{
	struct pdk_rq *rq = arg;
	struct lua_event *ev = rq->server;
	struct plugin *plugin = ev->host->plugin;

	ev->rc = plugin->runtime->run(plugin, ev->host->live, rq, &ev->err);
	ev->done = true;
}

void lua_event_start(struct lua_event *ev, struct lua_host *h, enum phase phase)
{
	static uint64_t last_id;

	memset(ev, 0, sizeof(*ev));
	ev->host = h;
	pdk_rq_init(&ev->rq, &h->plugin->env, ++last_id, phase);
	ev->rq.server = ev;
	ev->rq.fiber = fiber_create(&h->pool, run_event, &ev->rq);
	CHECK(ev->rq.fiber);
	fiber_resume(ev->rq.fiber);
}

bool lua_event_step(struct lua_event *ev)
{
	if (!ev->waiting)
		return false;
	ev->waiting = false;
	pdk_rq_deliver(&ev->rq, &ev->reply, ev->reply_rc);
	return ev->waiting;
}

void lua_event_end(struct lua_event *ev)
{
	struct plugin *plugin = ev->host->plugin;

	plugin->runtime->event_done(plugin, &ev->rq);
	fiber_destroy(ev->rq.fiber);
	pdk_rq_fini(&ev->rq);
}

int lua_event_run(struct lua_event *ev, struct lua_host *h, enum phase phase)
{
	lua_event_start(ev, h, phase);
	while (lua_event_step(ev))
		;
	lua_event_end(ev);
	return ev->rc;
}

void lua_host_access(struct lua_host *h)
{
	struct lua_event ev;

	if (lua_event_run(&ev, h, PHASE_ACCESS) != 0)
		fprintf(stderr, "%s\n", ev.err.text);
	CHECK(ev.done && ev.rc == 0);
}
