/* lua_host.h - runs Lua plugins without a server: a loop, fibers, and a gateway that is a C function.
 *
 * A plugin is written down in a folder of its own and loaded as always. Each PDK call that would go to
 * the gateway is recorded, and answered by the test when it says so. */
#ifndef TESTS_LIB_LUA_HOST_H
#define TESTS_LIB_LUA_HOST_H
#include <stdbool.h>
#include "pdk-bridge/fiber.h"
#include "plugins/plugin.h"
#include "protocol/err.h"

struct lua_event;

/* The gateway: the answer to one call. Values may live in `arena`, which lives as long as the event. */
typedef struct value (*lua_host_answer)(struct lua_event *ev, const char *method,
					const struct value *argv, size_t argc);

struct lua_host {
	char dir[64]; /* the plugins directory */
	struct plugin_paths paths;
	struct pdk_port port;
	struct fiber_pool pool;
	struct plugin *plugin;
	void *live;             /* an instance with the conf that was given */
	lua_host_answer answer; /* NULL: echoes the first argument */
	void *user;
	char log[8192]; /* what was written to our own log, a line each */
	unsigned calls; /* that reached the gateway, of all events */
};

struct lua_event {
	struct pdk_rq rq;
	struct lua_host *host;
	char method[64]; /* the call that waits, or the last one */
	struct value reply;
	int reply_rc; /* set by the answer function: no answer comes, for that reason */
	bool waiting; /* a call waits for lua_event_step */
	bool done;    /* the handler returned; rc and err are its result */
	int rc;
	struct err err;
};

/* Writes text to DIR/NAME, making the folder. */
void lua_host_write(struct lua_host *h, const char *name, const char *text);
/* Makes the folder. */
void lua_host_init(struct lua_host *h);
/* Loads the plugin of that name and module (NULL: as name), and one instance with a conf (JSON text). */
int lua_host_load_as(struct lua_host *h, const char *name, const char *module, const char *conf,
		     struct err *err);
/* A plugin "p" whose handler is `body`, which may use the local `P`, the handler table, and whose schema
 * has the fields of `conf`. */
void lua_host_open(struct lua_host *h, const char *body, const char *conf);
void lua_host_close(struct lua_host *h);

/* Begins an event and runs it up to its first call. */
void lua_event_start(struct lua_event *ev, struct lua_host *h, enum phase phase);
/* Answers the call that waits; true while another one waits then. */
bool lua_event_step(struct lua_event *ev);
/* Ends the event, whatever it does. */
void lua_event_end(struct lua_event *ev);
/* All of it. Returns the handler's result; ev->done is false if it was abandoned. */
int lua_event_run(struct lua_event *ev, struct lua_host *h, enum phase phase);
/* One access event that must return without an error. */
void lua_host_access(struct lua_host *h);

#endif
