/* remote_impl.h - what the files of the remote runtime share.
 *
 * Glossary: the *program* is the process in another language; the *link* is the ZeroMQ socket to it. *Credit* is how
 * many more events the program may be given: one takes 1, and the program's END gives it back, also where the event
 * has been cancelled meanwhile. A program that breaks the protocol, or ends, ends our process as a crash does
 * (struct loop, crash): there is no other way out, and none is needed, as it is alone with us.
 */
#ifndef PLUGINS_REMOTE_REMOTE_IMPL_H
#define PLUGINS_REMOTE_REMOTE_IMPL_H
#include <jansson.h>
#include <stdbool.h>
#include "plugins/plugin.h"
#include "plugins/remote/remote_link.h"

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(event) ((event)->oom = true)
#include <uthash.h>

#define REMOTE_CREDIT 64
#define REMOTE_SILENCE 15 /* heartbeats without an answer; the program is given up then */
#define REMOTE_RELIEF 10  /* seconds, at most, in which one that wants to leave gets a successor */

enum remote_state {
	REMOTE_QUEUED,  /* for credit */
	REMOTE_WAITING, /* for the program */
	REMOTE_CALLING, /* the gateway, for the program */
	REMOTE_ENDED,   /* the program has said so */
};

struct remote_event {
	uint64_t id;
	struct pdk_rq *rq; /* NULL: cancelled; the program hasn't said END yet */
	enum remote_state state;
	bool is_new;                      /* `in` has not been looked at yet */
	bool oom;                         /* uthash could not add it */
	struct remote_message in;         /* the latest */
	struct remote_event *prev, *next; /* in the queue for credit */
	UT_hash_handle hh;
};

/* plugin->impl */
struct remote_plugin {
	struct plugin *plugin;
	struct remote_link link;
	struct lua_schema *schema; /* owned */
	bool is_split;             /* as asked for (struct plugin_spec) */
	uint64_t last_instance;
	struct remote_event *events; /* by id: all that the program knows of, and the queue */
	struct remote_event *queue;
	unsigned credit, cancelled;
	double heartbeat;    /* seconds between two */
	unsigned unanswered; /* of them */
	bool leaving;        /* the program wants to */
	bool is_closed;      /* it gets no more events, since nobody has come in its place */
	struct reactor_io *io, *exit_io, *guard_io[REMOTE_GUARD_FDS];
	struct reactor_timer *look; /* for messages and credit, in the loop's next turn */
	struct reactor_timer *beat;
	struct reactor_timer *relief; /* until it is closed */
};

/* The live object of one conf. */
struct remote_instance {
	uint64_t id;
};

/* remote_load.c */
int remote_find(const struct plugin_spec *spec, struct err *err);
int remote_load(struct plugin *plugin, const struct plugin_spec *spec, struct err *err);

/* remote_serve.c */
/* Begins to look at the link from the loop. -E_NOMEM. */
int remote_serve_begin(struct remote_plugin *p, struct err *err);
void remote_serve_end(struct remote_plugin *p);
/* Ends the process, where it serves. Returns -E_PLUGIN with the reason otherwise. */
int remote_break(const struct remote_plugin *p, const char *why, struct err *err);
/* Has the loop look soon for messages that came, and for credit. */
void remote_look_soon(struct remote_plugin *p);
/* Sends; what fails breaks the link. */
int remote_send(struct remote_plugin *p, const struct remote_envelope *envelope, struct err *err);

/* remote_event.c */
int remote_event_run(struct plugin *plugin, void *live, struct pdk_rq *rq, struct err *err);
void remote_event_done(struct plugin *plugin, struct pdk_rq *rq);
/* A CALL or an END. Takes the message. Why it is a lie, or NULL. */
const char *remote_event_take(struct remote_plugin *p, struct remote_message *m);
/* Lets those go on that wait for credit, as far as it goes. */
void remote_event_use_credit(struct remote_plugin *p);
void remote_event_drop_all(struct remote_plugin *p);
/* Has the program end, if it is closed and runs no event. */
void remote_leave_if_idle(const struct remote_plugin *p);

#endif
