/* status.h - what a server tells people of itself, as plain data, and who knows it.
 *
 * The supervisor fills it in when it is asked; the admin socket (admin.h) tells it as JSON. To tell more, add
 * a member here and a row in status.c. */
#ifndef SERVER_ADMIN_STATUS_H
#define SERVER_ADMIN_STATUS_H
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct metrics_plugin;
struct err;

enum status_state {
	STATUS_STARTING, /* it loads its plugins */
	STATUS_READY,
	STATUS_DRAINING, /* a successor serves; it ends its events */
	STATUS_WAITING,  /* for its next start */
	STATUS_STATES
};

struct status_worker {
	unsigned number; /* among its group's */
	enum status_state state;
	pid_t pid;         /* 0 = there is no process */
	uint64_t memory;   /* bytes that count against its limits */
	double age;        /* seconds since its process began */
	double starts_in;  /* WAITING: seconds */
	uint64_t restarts; /* how often another process has taken this place */
	size_t connections, events;
};

struct status_plugin {
	const char *name;
	const char
		*dump; /* what the gateway is told of it, as JSON; NULL = not yet known. Hostile. */
	const char *
		pending; /* what has changed so that the gateway must be reloaded; NULL = nothing */
	uint64_t crashes, stalls; /* that are its fault */
	const struct metrics_plugin *metrics;
};

struct status_group {
	const char *name;
	const char
		*quarantine; /* the reason why it is not started; NULL = it is not in quarantine */
	double quarantine_left; /* seconds until it is tried again */
	const struct status_worker *workers;
	size_t worker_count;
	const struct status_plugin *plugins;
	size_t plugin_count;
	size_t instances;
	size_t connections, events;         /* all of them, those without a worker included */
	uint64_t crashes, stalls, answered; /* since the start */
};

struct status {
	double uptime;      /* seconds */
	const char *reload; /* what became of the latest reload; NULL = there was none */
	const struct status_group *groups;
	size_t group_count;
};

/* Who knows. */
struct status_source {
	/* What *ret points to is borrowed until the loop turns, or lies in `arena`. -E_NOMEM. */
	int (*fill)(void *user, struct arena *arena, struct status *ret);
	/* Begins a reload, or joins the one that is under way; admin_reload_ended then says how it went.
	 * -E_UNSUPPORTED and others: it does not begin. */
	int (*reload)(void *user, struct err *err);
	void *user;
};

/* Returns owned, or NULL without memory. */
json_t *status_to_json(const struct status *status);
/* That JSON as a page of at most 80 columns. Returns owned text, or NULL where it is no status, or without
 * memory. */
char *status_to_text(const json_t *status);

#endif
