/* loop.h - what runtimes may have of the server's loop.
 *
 * The server hands it down with each plugin that it serves (struct plugin, loop). The functions of watchers
 * are those of its reactor.h: a runtime that needs more of them has them named here. They call back on the
 * loop's stack, where no plugin code may run: that is what `run` is for. */
#ifndef PLUGINS_LOOP_H
#define PLUGINS_LOOP_H
#include <stdbool.h>

struct err;
struct pdk_rq;
struct plugin;
struct reactor;
struct reactor_io;
struct reactor_timer;
struct sockets;

struct loop {
	struct reactor *reactor; /* the first argument of the functions that make a watcher */
	/* Not running until timer_start; to be destroyed before the plugin is unloaded. NULL on lack of
	 * memory. */
	struct reactor_timer *(*timer_create)(struct reactor *r, void (*fn)(void *user),
					      void *user);
	/* Calls fn once after `seconds` from now, or again and again if `repeat`. */
	void (*timer_start)(struct reactor_timer *timer, double seconds, int repeat);
	/* May be called from its own function. Accepts NULL. */
	void (*timer_destroy)(struct reactor_timer *timer);
	/* Watches nothing until io_set (1 = readable, 2 = writable, as in reactor.h). `fd` is borrowed, open until
	 * io_destroy. NULL on lack of memory. */
	struct reactor_io *(*io_create)(struct reactor *r, int fd,
					void (*fn)(void *user, int ready), void *user);
	void (*io_set)(struct reactor_io *io, int events);
	/* May be called from its own function. Accepts NULL. */
	void (*io_destroy)(struct reactor_io *io);

	/* Runs fn(rq), code of the plugin, on a fiber whose argument is rq, watched as an event's turn is. `rq` is
	 * of no event: of a phase that is not external, made by pdk_rq_init. From the loop's stack only; has
	 * returned when this does. -E_NOMEM; -E_UNSUPPORTED if it wanted to wait (its stack is dropped). */
	int (*run)(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq), struct err *err);

	/* The same for code that may wait: it parks its fiber, and what it waits for has it resumed, from the
	 * loop's stack. 1 while it is parked, 0 once fn has returned; -E_NOMEM. */
	int (*task_start)(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq),
			  struct err *err);
	/* True while it is parked again. */
	bool (*task_resume)(struct plugin *plugin, struct pdk_rq *rq);
	/* Lets go of the stack, whether fn has returned or not. */
	void (*task_end)(struct pdk_rq *rq);
	/* Goes on with the handler of an event or with init_worker, which has parked for something else than a PDK call. The event
	 * may be gone when this returns. */
	void (*event_resume)(struct pdk_rq *rq);
	/* The plugin can't go on: ends the process as a crash does, so that what waits for it is answered as the failure
	 * contract says. Does not return. */
	void (*crash)(struct plugin *plugin, const char *why);
	/* The plugin wants to serve no more, and can go on for a while: another process is to take the place of ours, if
	 * that can be. */
	void (*relieve)(struct plugin *plugin);
	const struct sockets *sockets; /* sockets.h */
	unsigned seat,
		seats; /* which of the group's processes this is, from 0; how many there are */
	void *server;  /* its own */
};

#endif
