/* task.h - code of a plugin that no event has caused, such as a timer's function. */
#ifndef SERVER_EVENT_TASK_H
#define SERVER_EVENT_TASK_H
#include <stdbool.h>

struct err;
struct pdk_rq;
struct plugin;

/* As run, task_start, task_resume, task_end in plugins/loop.h. */
int task_run(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq), struct err *err);
int task_start(struct plugin *plugin, struct pdk_rq *rq, void (*fn)(void *rq), struct err *err);
bool task_resume(struct plugin *plugin, struct pdk_rq *rq);
void task_end(struct pdk_rq *rq);

#endif
