#include "server/supervisor/retired.h"
#include <stdlib.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/serving.h"
#include "server/socket/server_sockets.h"
#include "server/supervisor/group_reload.h"
#include "server/supervisor/processor.h"

#define LAST_WAIT 2.0 /* seconds that workers get beyond their time */

static void each(const struct retired *r, void (*fn)(struct group *g, void *arg), void *arg)
{
	for (size_t i = 0; i < r->count; i++)
		fn(r->groups[i], arg);
}

/* Nobody can connect any more. Who has just come is let in before. */
static void close_door(struct group *g, void *arg)
{
	const struct retired *r = arg;
	const struct config *config = g->env->config;

	server_sockets_remove(r->sockets, g);
	for (size_t i = 0; i < g->plan->plugin_count; i++) {
		const struct plugin_settings *plugin = &config->plugins[g->plan->plugins[i]];

		if (!serving_shares_dump(config, plugin, r->sockets->options.config))
			serving_forget(config, plugin);
		log_event(LOG_LEVEL_NOTICE, 0, plugin->name, "it is served no more");
	}
	group_leave(g, config->drain_timeout);
}

static void end_group(struct group *g, void *arg)
{
	(void)arg;
	group_end(g);
	group_fini(g);
	free(g);
}

static void destroy(struct retired *r)
{
	if (!r->is_leaving)
		each(r, close_door, r);
	each(r, end_group, NULL);
	plan_fini(&r->plan);
	config_fini(r->config);
	free(r->config);
	free(r->groups);
	free(r);
}

static void use_env(struct group *g, void *env)
{
	g->env = env;
}

void retired_add(struct retired **list, struct retired *r)
{
	r->next = *list;
	each(r, use_env, &r->env);
	*list = r;
}

static void add_leavers(struct group *g, void *sum)
{
	*(size_t *)sum += g->leavers != NULL;
}

/* Whether nobody needs it any more. */
static bool is_over(struct retired *r, double now)
{
	size_t leavers = 0;

	each(r, add_leavers, &leavers);
	if (r->count == 0 || (r->is_leaving && (leavers == 0 || now >= r->until)))
		return true;
	if (r->is_leaving || now < r->until)
		return false;
	each(r, close_door, r);
	r->is_leaving = true;
	r->until = now + r->env.config->drain_timeout + LAST_WAIT;
	return false;
}

static void look_after(struct group *g, void *now)
{
	group_check_stalls(g, *(double *)now);
	processor_check(g, *(double *)now);
}

void retired_check(struct retired **list, double now)
{
	for (struct retired **at = list, *r; (r = *at) != NULL;) {
		if (!is_over(r, now)) {
			each(r, look_after, &now);
			at = &r->next;
			continue;
		}
		*at = r->next;
		destroy(r);
	}
}

struct word {
	unsigned type;
	uint64_t number;
};

static void say(struct group *g, void *arg)
{
	const struct word *word = arg;

	group_say(g, word->type, word->number);
}

void retired_say(const struct retired *list, unsigned type, uint64_t number)
{
	struct word word = {type, number};

	for (; list != NULL; list = list->next)
		each(list, say, &word);
}

void retired_fini(struct retired **list)
{
	while (*list != NULL) {
		struct retired *r = *list;

		*list = r->next;
		destroy(r);
	}
}
