#include "server/admin/admin.h"
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/arena.h"
#include "protocol/err.h"
#include "server/log.h"
#include "server/private_socket.h"
#include "server/process.h"
#include "server/reactor.h"

#define CONNECTIONS 32U
#define CONNECTION_MEMORY ((size_t)16 << 10)
#define PATIENCE 10U                /* seconds that a connection may be idle */
#define BODY_MAX ((size_t)64 << 10) /* that is read, and ignored */
#define ANCESTORS 64                /* that are looked at */

/* One that MHD has begun to read. */
struct request {
	struct admin *admin;
	struct request *next; /* among those that wait for the reload */
	struct MHD_Connection *connection;
	size_t body;
	unsigned status; /* the answer, once it is known */
	json_t *answer;  /* owned */
};

struct admin {
	struct reactor *reactor;
	struct status_source source;
	struct private_socket socket;
	struct reactor_io *listen_io; /* NULL = we don't listen */
	struct MHD_Daemon *daemon;
	struct reactor_io *io; /* of the daemon's connections */
	struct reactor_timer *timer;
	struct request *waiting;
	bool failed; /* said in the log already */
};

/* ---- answers ---- */

/* Takes `json`, which may be NULL. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, json_t *json)
{
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	struct MHD_Response *response = NULL;
	enum MHD_Result result = MHD_NO;

	json_decref(json);
	if (text != NULL)
		response =
			MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(text);
		return MHD_NO;
	}
	if (MHD_add_response_header(response, "Content-Type", "application/json") == MHD_YES)
		result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static json_t *error_json(const char *text)
{
	json_t *json = json_string(text);

	return json_pack("{s:o}", "error", json != NULL ? json : json_string("(not UTF-8)"));
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
	return answer(connection, status, error_json(text));
}

/* The status of an answer to a reload. */
static unsigned status_of(int rc)
{
	switch (-rc) {
	case E_OK:
		return MHD_HTTP_OK;
	case E_CONF:
	case E_USAGE:
	case E_PLUGIN:
	case E_NO_PLUGIN:
		return MHD_HTTP_UNPROCESSABLE_CONTENT;
	case E_EXISTS:
		return MHD_HTTP_CONFLICT;
	case E_UNSUPPORTED:
		return MHD_HTTP_NOT_IMPLEMENTED;
	case E_CLOSED:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	case E_TIMEOUT:
		return MHD_HTTP_GATEWAY_TIMEOUT;
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

static json_t *reload_json(int rc, const struct err *err)
{
	return rc == 0 ? json_pack("{s:b}", "reloaded", 1) : error_json(err_message(err, rc));
}

/* ---- requests ---- */

static enum MHD_Result tell_status(struct admin *admin, struct MHD_Connection *connection)
{
	struct status status = {0};
	enum MHD_Result result;
	struct arena arena;

	arena_init(&arena, 0);
	if (admin->source.fill(admin->source.user, &arena, &status) == 0)
		result = answer(connection, MHD_HTTP_OK, status_to_json(&status));
	else
		result = refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, err_text(E_NOMEM));
	arena_fini(&arena);
	return result;
}

static enum MHD_Result begin_reload(struct request *request)
{
	struct admin *admin = request->admin;
	struct err err = {""};
	int rc = admin->source.reload(admin->source.user, &err);

	if (rc != 0)
		return answer(request->connection, status_of(rc), reload_json(rc, &err));
	request->next = admin->waiting;
	admin->waiting = request;
	MHD_suspend_connection(request->connection);
	return MHD_YES;
}

static enum MHD_Result serve(struct request *request, const char *method, const char *url)
{
	struct MHD_Connection *connection = request->connection;

	if (strcmp(url, "/status") == 0 && strcmp(method, MHD_HTTP_METHOD_GET) == 0)
		return tell_status(request->admin, connection);
	if (strcmp(url, "/reload") == 0 && strcmp(method, MHD_HTTP_METHOD_POST) == 0)
		return begin_reload(request);
	if (strcmp(url, "/status") == 0 || strcmp(url, "/reload") == 0)
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
			      "there are GET /status and POST /reload");
	return refuse(connection, MHD_HTTP_NOT_FOUND, "there are GET /status and POST /reload");
}

static struct request *create_request(struct admin *admin, struct MHD_Connection *connection)
{
	struct request *request = calloc(1, sizeof(*request));

	if (request == NULL)
		return NULL;
	request->admin = admin;
	request->connection = connection;
	return request;
}

/* Called once with the head, then for each piece of the body, then without one; and again after a wait. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *body,
				  size_t *body_len, void **state)
{
	struct request *request = *state;
	json_t *known;

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
	if (request->answer == NULL)
		return serve(request, method, url);
	known = request->answer;
	request->answer = NULL;
	return answer(connection, request->status, known);
}

static void forget_waiting(struct admin *admin, const struct request *request)
{
	struct request **at = &admin->waiting;

	while (*at != NULL && *at != request)
		at = &(*at)->next;
	if (*at != NULL)
		*at = request->next;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct request *request = *state;

	(void)connection;
	(void)why;
	if (request == NULL)
		return;
	forget_waiting(user, request);
	json_decref(request->answer);
	free(request);
	*state = NULL;
}

/* ---- the loop ---- */

static void run(struct admin *admin)
{
	MHD_UNSIGNED_LONG_LONG wait;

	MHD_run(admin->daemon);
	if (MHD_get_timeout(admin->daemon, &wait) == MHD_YES)
		reactor_timer_start(admin->timer, (double)wait / 1000, 0);
	else
		reactor_timer_stop(admin->timer);
}

static void on_ready(void *user, int ready)
{
	(void)ready;
	run(user);
}

static void on_timer(void *user)
{
	run(user);
}

/* ---- connections ---- */

/* Where a worker's process has started another one, that is none the better. */
static bool is_of_worker(const struct admin *admin, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	long pid;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return true;
	pid = peer.pid;
	for (int i = 0; pid > 1 && i < ANCESTORS; i++, pid = process_parent(pid))
		if (admin->source.is_worker(admin->source.user, (pid_t)pid))
			return true;
	return false;
}

/* Before a byte is read, so that plugin code can't even take the places of others. */
static void on_connection(void *user, int ready)
{
	static const char refusal[] = "HTTP/1.1 403 Forbidden\r\n"
				      "Content-Type: application/json\r\n"
				      "Connection: close\r\n\r\n"
				      "{\"error\":\"plugins have no business here\"}";
	struct admin *admin = user;
	int fd = accept4(admin->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
	if (fd < 0) {
		/* Where no descriptor is left it would fail again and again: until the next check. */
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			reactor_io_set(admin->listen_io, 0);
		return;
	}
	if (is_of_worker(admin, fd)) {
		(void)send(fd, refusal, sizeof(refusal) - 1, MSG_NOSIGNAL);
		close(fd);
	} else if (MHD_add_connection(admin->daemon, fd, NULL, 0) == MHD_YES) {
		run(admin);
	}
}

static int listen_anew(struct admin *admin, struct err *err)
{
	int rc;

	reactor_io_destroy(admin->listen_io);
	admin->listen_io = NULL;
	rc = private_socket_listen(&admin->socket, err);
	if (rc != 0)
		return rc;
	admin->listen_io =
		reactor_io_create(admin->reactor, admin->socket.fd, on_connection, admin);
	if (admin->listen_io == NULL)
		return err_set(err, E_NOMEM, "no memory for the socket %s", admin->socket.name);
	reactor_io_set(admin->listen_io, REACTOR_READ);
	return 0;
}

/* Who was there first has it: another server with the same prefix, or the one whom we succeed. */
static int try_listen(struct admin *admin, struct err *err)
{
	if (private_socket_is_served(&admin->socket))
		return err_set(err, E_EXISTS,
			       "another process answers on %s: `outrigger status` is about that "
			       "one until it has ended (admin_listen is where we answer)",
			       admin->socket.name);
	return listen_anew(admin, err);
}

void admin_check(struct admin *admin)
{
	struct err err = {""};
	int rc;

	if (admin->listen_io != NULL && private_socket_is_ours(&admin->socket)) {
		reactor_io_set(admin->listen_io, REACTOR_READ);
		return;
	}
	rc = try_listen(admin, &err);
	if (rc != 0 && !admin->failed)
		log_line(rc == -E_EXISTS ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARN, "%s",
			 err_message(&err, rc));
	admin->failed = rc != 0;
}

/* ---- the whole ---- */

static int start_daemon(struct admin *admin)
{
	const union MHD_DaemonInfo *info = NULL;

	admin->timer = reactor_timer_create(admin->reactor, on_timer, admin);
	admin->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
		on_request, admin, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, PATIENCE, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
		admin, MHD_OPTION_END);
	if (admin->daemon != NULL)
		info = MHD_get_daemon_info(admin->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info != NULL)
		admin->io = reactor_io_create(admin->reactor, info->epoll_fd, on_ready, admin);
	if (admin->io == NULL || admin->timer == NULL)
		return -E_NOMEM;
	reactor_io_set(admin->io, REACTOR_READ);
	return 0;
}

int admin_create(struct reactor *reactor, const char *path, const struct status_source *source,
		 struct admin **ret_admin, struct err *err)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	int rc;

	if (admin == NULL)
		return err_set(err, E_NOMEM, "no memory for the socket %s", path);
	admin->reactor = reactor;
	admin->source = *source;
	rc = private_socket_init(&admin->socket, path, "", SOCK_STREAM, err);
	if (rc == 0 && start_daemon(admin) != 0)
		rc = err_set(err, E_NOMEM, "no memory for the socket %s", path);
	if (rc != 0) {
		admin_destroy(admin);
		return rc;
	}
	admin_check(admin);
	*ret_admin = admin;
	return 0;
}

void admin_reload_ended(struct admin *admin, int rc, const struct err *err)
{
	struct request *request;

	if (admin == NULL || admin->waiting == NULL)
		return;
	while ((request = admin->waiting) != NULL) {
		admin->waiting = request->next;
		request->status = status_of(rc);
		request->answer = reload_json(rc, err);
		MHD_resume_connection(request->connection);
	}
	run(admin);
}

void admin_destroy(struct admin *admin)
{
	struct err err = {"outrigger leaves"};

	if (admin == NULL)
		return;
	admin_reload_ended(admin, -E_CLOSED, &err);
	reactor_io_destroy(admin->listen_io);
	reactor_io_destroy(admin->io);
	reactor_timer_destroy(admin->timer);
	if (admin->daemon != NULL)
		MHD_stop_daemon(admin->daemon);
	private_socket_fini(&admin->socket);
	free(admin);
}
