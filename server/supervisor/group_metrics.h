/* group_metrics.h - what was counted of a group's plugins: by workers that live, and by those that are gone. */
#ifndef SERVER_SUPERVISOR_GROUP_METRICS_H
#define SERVER_SUPERVISOR_GROUP_METRICS_H
#include "server/supervisor/group.h"

/* Keeps what a worker that is gone has counted. */
void group_keep_metrics(struct group *g, const struct child *child);
/* What was counted of its plugin `index`, by all its workers since the start. */
void group_sum_metrics(const struct group *g, size_t index, struct metrics_plugin *ret);
/* For care.on_answer: counts it. */
void group_count_answer(void *group, const struct msg *call, const struct event_record *record);

#endif
