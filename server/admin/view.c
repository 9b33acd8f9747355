#include "server/admin/view.h"
#include <microhttpd.h>
#include <string.h>
#include "protocol/arena.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/admin/http.h"
#include "server/admin/metrics_text.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static void show_health(const struct status *status, struct http_request *request)
{
	(void)status;
	http_answer_json(request, MHD_HTTP_OK, json_pack("{s:s}", "status", "ok"));
}

static bool serves(const struct status_group *g)
{
	for (size_t i = 0; i < g->worker_count; i++)
		if (g->workers[i].state == STATUS_READY)
			return true;
	return false;
}

static void show_ready(const struct status *status, struct http_request *request)
{
	json_t *missing = json_array();

	for (size_t i = 0; i < status->group_count; i++)
		if (!serves(&status->groups[i]))
			json_array_append_new(missing, json_string(status->groups[i].name));
	if (json_array_size(missing) == 0)
		http_answer_json(request, MHD_HTTP_OK,
				 json_pack("{s:b, s:o}", "ready", 1, "not_served", missing));
	else
		http_answer_json(request, MHD_HTTP_SERVICE_UNAVAILABLE,
				 json_pack("{s:b, s:o}", "ready", 0, "not_served", missing));
}

static void show_metrics(const struct status *status, struct http_request *request)
{
	struct buf text = {0};
	char *page = NULL;

	if (metrics_text_write(status, &text) == 0)
		page = strndup((const char *)buf_head(&text), buf_len(&text));
	buf_fini(&text);
	http_answer(request, MHD_HTTP_OK, METRICS_TYPE, page);
}

static void show_status(const struct status *status, struct http_request *request)
{
	http_answer_json(request, MHD_HTTP_OK, status_to_json(status));
}

static const struct view {
	const char *url;
	void (*show)(const struct status *status, struct http_request *request);
	bool is_public;
} views[] = {
	{"/health", show_health, true},
	{"/ready", show_ready, true},
	{"/metrics", show_metrics, true},
	{"/status", show_status, false},
};

static const struct view *find(const char *url)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(views[i].url, url) == 0)
			return &views[i];
	return NULL;
}

bool view_exists(const char *url)
{
	return find(url) != NULL;
}

bool view_is_public(const char *url)
{
	const struct view *view = find(url);

	return view != NULL && view->is_public;
}

void view_answer(const struct status_source *source, struct http_request *request, const char *url)
{
	const struct view *view = find(url);
	struct status status = {0};
	struct arena arena;

	arena_init(&arena, 0);
	if (view != NULL && source->fill(source->user, &arena, &status) == 0)
		view->show(&status, request);
	else
		http_refuse(request, MHD_HTTP_INTERNAL_SERVER_ERROR, err_text(E_NOMEM));
	arena_fini(&arena);
}
