/* lua_task.h - Lua functions that run by themselves, at a later time: what ngx.timer is made of.
 *
 * Glossary: a *task* is one run of such a function. It is *pending* until its time has come, then *running*, on a
 * fiber and a Lua thread of its own, where it may wait. A *light thread* is a task that belongs to an event or to another
 * task, its *root*, begins at once and ends with it at the latest. */
#ifndef PLUGINS_LUA_LUA_TASK_H
#define PLUGINS_LUA_LUA_TASK_H
#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct lua_plugin;
struct lua_task;
struct lua_thread;
struct lua_vm;

/* What a plugin has of them. */
struct lua_tasks {
	struct lua_task *list;
	size_t pending, running, light;
	double last_number; /* of a light thread */
	bool is_leaving;    /* the process is about to end: new tasks don't wait for their time */
};

/* The module outrigger.c.loop: task(seconds, fn) -> true, or nil and an error; fn(premature). counts() ->
 * pending, running. is_leaving(). light(fn, w) -> a number, or nil and an error: a light thread, which wakes w once it has run until it waits or has
 * ended. kill(number): drops one that waits; whether there was. And what lua_wait.h adds. May raise. */
void lua_task_open(struct lua_vm *vm);
/* Goes on with an event or a task that waits. From the loop's stack. */
void lua_task_resume(struct lua_thread *t);
/* The process is about to end: what is pending runs now, and is told that it is premature. */
void lua_task_leave(struct lua_plugin *p);
bool lua_task_is_busy(const struct lua_plugin *p);
/* Its light threads are dropped as they are. */
void lua_task_end_children(struct lua_thread *root);
/* Drops all of them as they are. */
void lua_task_drop_all(struct lua_plugin *p);

#endif
