/* task.h - code of a plugin that no event has caused, such as a timer's function. */
#ifndef SERVER_TASK_H
#define SERVER_TASK_H

struct err;
struct pdk_rq;
struct plugin;

/* As run in plugins/loop.h. */
int task_run(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq), struct err *err);

#endif
