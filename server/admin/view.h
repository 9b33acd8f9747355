/* view.h - what a server shows of itself over HTTP, without changing anything.
 *
 *   GET /health   200 as long as the server's loop turns: {"status":"ok"}
 *   GET /ready    200 when every plugin is served, else 503; {"ready":BOOL,"not_served":[GROUP...]}
 *   GET /metrics  200 and metrics (metrics_text.h)
 *   GET /status   200 and JSON (status.h) */
#ifndef SERVER_ADMIN_VIEW_H
#define SERVER_ADMIN_VIEW_H
#include <stdbool.h>
#include "server/admin/status.h"

struct http_request;

bool view_exists(const char *url);
/* Those that may be shown to anybody: not /status, which names processes and reasons. */
bool view_is_public(const char *url);
/* Answers a request for a view that exists. */
void view_answer(const struct status_source *source, struct http_request *request, const char *url);

#endif
