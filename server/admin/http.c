#include "server/admin/http.h"
#include <math.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "plugins/late.h"
#include "protocol/err.h"
#include "server/log.h"
#include "server/reactor.h"

#define CONNECTION_MEMORY ((size_t)16 << 10)
#define PATIENCE 10U                /* seconds for a request, and for taking its answer */
#define ENDING_RUNS 4               /* of MHD, until a connection that has ended is gone */
#define BODY_MAX ((size_t)64 << 10) /* that is read, and ignored */

#define FUNCTIONS(F)                       \
	F(MHD_add_connection)              \
	F(MHD_add_response_header)         \
	F(MHD_create_response_from_buffer) \
	F(MHD_destroy_response)            \
	F(MHD_get_connection_info)         \
	F(MHD_get_daemon_info)             \
	F(MHD_get_timeout)                 \
	F(MHD_queue_response)              \
	F(MHD_resume_connection)           \
	F(MHD_run)                         \
	F(MHD_start_daemon)                \
	F(MHD_stop_daemon)                 \
	F(MHD_suspend_connection)
LATE_LIBRARY(mhd, MICROHTTPD_LIBRARY, FUNCTIONS)

/* One that MHD has begun to read. */
struct http_request {
	struct http *http;
	struct MHD_Connection *connection;
	size_t body;
	bool is_served; /* on_request has been called */
	bool is_answered;
	bool is_suspended;
	unsigned status;
	const char *type;
	char *text; /* owned; NULL = memory has failed */
};

/* A connection's. */
struct place {
	struct MHD_Connection *connection; /* NULL = free */
	double deadline;                   /* INFINITY while it waits for us */
};

struct http {
	struct http_options options;
	struct place *places;      /* options.connections */
	struct MHD_Daemon *daemon; /* NULL = there was no connection yet */
	struct reactor_io *io;     /* of the daemon's connections */
	struct reactor_timer *timer;
	bool failed; /* said in the log already */
};

/* ---- places ---- */

static struct place *take_place(struct http *http, struct MHD_Connection *connection)
{
	for (unsigned i = 0; i < http->options.connections; i++) {
		struct place *place = &http->places[i];

		if (place->connection == NULL) {
			*place = (struct place){connection, reactor_now() + PATIENCE};
			return place;
		}
	}
	return NULL;
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct place *place = *context;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = take_place(user, connection);
	else if (place != NULL)
		place->connection = NULL;
}

static void set_deadline(struct MHD_Connection *connection, double deadline)
{
	const union MHD_ConnectionInfo *info =
		mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct place *place = info != NULL ? info->socket_context : NULL;

	if (place != NULL)
		place->deadline = deadline;
}

static void end_connection(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		mhd.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (info != NULL)
		shutdown(info->connect_fd, SHUT_RDWR); /* the daemon sees that, and closes it */
}

/* MHD's own timeout is of idle connections: a byte now and then keeps one alive. Returns when the next is due. */
static double end_overdue(struct http *http)
{
	double now = reactor_now(), next = INFINITY;

	for (unsigned i = 0; i < http->options.connections; i++) {
		struct place *place = &http->places[i];

		if (place->connection == NULL)
			continue;
		if (place->deadline <= now) {
			end_connection(place->connection);
			place->deadline = now + PATIENCE;
		}
		next = fmin(next, place->deadline);
	}
	return next - now;
}

/* ---- answers ---- */

static enum MHD_Result send_answer(struct http_request *request)
{
	char *text = request->text;
	struct MHD_Response *response = NULL;
	enum MHD_Result result = MHD_NO;

	request->text = NULL;
	if (text != NULL)
		response = mhd.MHD_create_response_from_buffer(strlen(text), text,
							       MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(text);
		return MHD_NO;
	}
	set_deadline(request->connection, reactor_now() + PATIENCE);
	if (mhd.MHD_add_response_header(response, "Content-Type", request->type) == MHD_YES)
		result = mhd.MHD_queue_response(request->connection, request->status, response);
	mhd.MHD_destroy_response(response);
	return result;
}

static void run(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG wait;
	double seconds;

	(void)end_overdue(http);
	mhd.MHD_run(http->daemon);
	seconds = end_overdue(http);
	if (mhd.MHD_get_timeout(http->daemon, &wait) == MHD_YES)
		seconds = fmin(seconds, (double)wait / 1000);
	if (isfinite(seconds))
		reactor_timer_start(http->timer, seconds, 0);
	else
		reactor_timer_stop(http->timer);
}

void http_answer(struct http_request *request, unsigned status, const char *type, char *text)
{
	request->is_answered = true;
	request->status = status;
	request->type = type;
	request->text = text;
	if (!request->is_suspended)
		return;
	request->is_suspended = false;
	mhd.MHD_resume_connection(request->connection);
	reactor_timer_start(request->http->timer, 0, 0);
}

void http_answer_json(struct http_request *request, unsigned status, json_t *json)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	http_answer(request, status, "application/json", text);
}

void http_refuse(struct http_request *request, unsigned status, const char *text)
{
	json_t *json = json_string(text);

	http_answer_json(
		request, status,
		json_pack("{s:o}", "error", json != NULL ? json : json_string("(not UTF-8)")));
}

/* ---- requests ---- */

static struct http_request *create_request(struct http *http, struct MHD_Connection *connection)
{
	struct http_request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->http = http;
	request->connection = connection;
	return request;
}

static enum MHD_Result serve(struct http_request *request, const char *method, const char *url)
{
	const struct http_options *options = &request->http->options;

	if (!request->is_served) {
		request->is_served = true;
		options->on_request(options->user, request, method, url);
	}
	if (request->is_answered)
		return send_answer(request);
	request->is_suspended = true;
	set_deadline(request->connection, INFINITY);
	mhd.MHD_suspend_connection(request->connection);
	return MHD_YES;
}

/* Called once with the head, then for each piece of the body, then without one; and again after a wait. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *body,
				  size_t *body_len, void **state)
{
	struct http_request *request = *state;

	(void)version;
	(void)body;
	if (request == NULL) {
		*state = create_request(user, connection);
		return *state != NULL ? MHD_YES : MHD_NO;
	}
	if (*body_len > 0) {
		request->body += *body_len;
		*body_len = 0;
		return request->body <= BODY_MAX ? MHD_YES : MHD_NO;
	}
	return serve(request, method, url);
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct http_request *request = *state;
	const struct http *http = user;

	(void)why;
	set_deadline(connection, reactor_now() + PATIENCE);
	if (request == NULL)
		return;
	if (request->is_served && !request->is_answered)
		http->options.on_gone(http->options.user, request);
	free(request->text);
	free(request);
	*state = NULL;
}

/* ---- the loop ---- */

static void on_ready(void *user, int ready)
{
	(void)ready;
	run(user);
}

static void on_timer(void *user)
{
	run(user);
}

static bool has_room(const struct http *http)
{
	for (unsigned i = 0; i < http->options.connections; i++)
		if (http->places[i].connection == NULL)
			return true;
	return false;
}

/* Who has been at its request, or idle, for longest. One that waits for us is not the one that is slow. */
static struct place *find_slowest(struct http *http)
{
	struct place *slowest = &http->places[0];

	for (unsigned i = 1; i < http->options.connections; i++)
		if (http->places[i].deadline < slowest->deadline)
			slowest = &http->places[i];
	return isfinite(slowest->deadline) ? slowest : NULL;
}

/* Slow clients of many addresses could have all places. MHD notices the end when it runs, and lets go of it when it runs
 * again. */
static void make_room(struct http *http)
{
	struct place *slowest = has_room(http) ? NULL : find_slowest(http);

	if (slowest == NULL)
		return;
	end_connection(slowest->connection);
	for (int i = 0; i < ENDING_RUNS && !has_room(http); i++)
		mhd.MHD_run(http->daemon);
}

/* ---- the daemon ---- */

static struct MHD_Daemon *start_daemon(struct http *http)
{
	return mhd.MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, http, MHD_OPTION_CONNECTION_LIMIT, http->options.connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, http->options.per_address,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		http, MHD_OPTION_END);
}

static void stop(struct http *http)
{
	reactor_io_destroy(http->io);
	http->io = NULL;
	if (http->daemon != NULL)
		mhd.MHD_stop_daemon(http->daemon);
	http->daemon = NULL;
}

/* At the first connection: most servers never have one. */
static int start(struct http *http, struct err *err)
{
	const union MHD_DaemonInfo *info = NULL;
	int rc = late_load(&mhd_library, err);

	if (rc != 0)
		return rc;
	http->daemon = start_daemon(http);
	if (http->daemon != NULL)
		info = mhd.MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info != NULL)
		http->io = reactor_io_create(http->options.reactor, info->epoll_fd, on_ready, http);
	if (http->io == NULL) {
		stop(http);
		return err_set(err, E_NOMEM, "no memory for HTTP");
	}
	reactor_io_set(http->io, REACTOR_READ);
	return 0;
}

static bool is_started(struct http *http)
{
	struct err err = {""};
	int rc = http->daemon == NULL ? start(http, &err) : 0;

	if (rc != 0 && !http->failed)
		log_line(LOG_LEVEL_ERR, "requests for status can't be answered: %s",
			 err_message(&err, rc));
	http->failed = rc != 0;
	return rc == 0;
}

bool http_add(struct http *http, int fd, const struct sockaddr *peer, unsigned peer_len)
{
	if (!is_started(http)) {
		close(fd);
		return false;
	}
	make_room(http);
	if (mhd.MHD_add_connection(http->daemon, fd, peer, peer_len) != MHD_YES)
		return false;
	run(http);
	return true;
}

struct http *http_create(const struct http_options *options)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL)
		return NULL;
	http->options = *options;
	http->places = calloc(options->connections, sizeof(*http->places));
	http->timer = reactor_timer_create(options->reactor, on_timer, http);
	if (http->places != NULL && http->timer != NULL)
		return http;
	http_destroy(http);
	return NULL;
}

void http_destroy(struct http *http)
{
	if (http == NULL)
		return;
	if (http->daemon != NULL)
		mhd.MHD_run(http->daemon); /* what was answered last goes out */
	reactor_timer_destroy(http->timer);
	stop(http);
	free(http->places);
	free(http);
}
