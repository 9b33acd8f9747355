#include "server/admin/admin.h"
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/admin/http.h"
#include "server/admin/probe.h"
#include "server/admin/view.h"
#include "server/confine/mark.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/socket/private_socket.h"

#define CONNECTIONS 32U
#define PATHS "there are GET /status, /health, /ready and /metrics, and POST /reload"

/* One that waits for the end of the reload. */
struct waiter {
	struct waiter *next;
	struct http_request *request;
};

struct admin {
	struct reactor *reactor;
	struct status_source source;
	struct private_socket socket;
	struct reactor_io *listen_io; /* NULL = we don't listen */
	struct http *http;            /* NULL = there is no socket */
	struct probe *probe;          /* NULL = none */
	struct waiter *waiting;
	bool failed; /* said in the log already */
};

/* ---- requests ---- */

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

static void answer_reload(struct http_request *request, int rc, const struct err *err)
{
	if (rc == 0)
		http_answer_json(request, MHD_HTTP_OK, json_pack("{s:b}", "reloaded", 1));
	else
		http_refuse(request, status_of(rc), err_message(err, rc));
}

static void begin_reload(struct admin *admin, struct http_request *request)
{
	struct waiter *waiter = malloc(sizeof(*waiter));
	struct err err = {""};
	int rc = waiter != NULL ? admin->source.reload(admin->source.user, &err) : -E_NOMEM;

	if (rc != 0) {
		free(waiter);
		answer_reload(request, rc, &err);
		return;
	}
	*waiter = (struct waiter){admin->waiting, request};
	admin->waiting = waiter;
}

static void on_request(void *user, struct http_request *request, const char *method,
		       const char *url)
{
	struct admin *admin = user;
	bool is_reload = strcmp(url, "/reload") == 0;
	const char *wanted = is_reload ? MHD_HTTP_METHOD_POST : MHD_HTTP_METHOD_GET;

	if (!is_reload && !view_exists(url))
		http_refuse(request, MHD_HTTP_NOT_FOUND, PATHS);
	else if (strcmp(method, wanted) != 0)
		http_refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, PATHS);
	else if (is_reload)
		begin_reload(admin, request);
	else
		view_answer(&admin->source, request, url);
}

static void on_gone(void *user, struct http_request *request)
{
	struct admin *admin = user;
	struct waiter **at = &admin->waiting, *waiter;

	while (*at != NULL && (*at)->request != request)
		at = &(*at)->next;
	waiter = *at;
	if (waiter == NULL)
		return;
	*at = waiter->next;
	free(waiter);
}

/* ---- connections ---- */

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
	if (mark_is_on_peer(fd)) {
		(void)send(fd, refusal, sizeof(refusal) - 1, MSG_NOSIGNAL);
		close(fd);
	} else {
		(void)http_add(admin->http, fd, NULL, 0);
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

static void check_socket(struct admin *admin)
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

void admin_check(struct admin *admin)
{
	if (admin == NULL)
		return;
	if (admin->http != NULL)
		check_socket(admin);
	probe_check(admin->probe);
}

/* ---- the whole ---- */

static int open_socket(struct admin *admin, const char *path, struct err *err)
{
	const struct http_options http = {.reactor = admin->reactor,
					  .connections = CONNECTIONS,
					  .on_request = on_request,
					  .on_gone = on_gone,
					  .user = admin};
	int rc = private_socket_init(&admin->socket, path, "", SOCK_STREAM, err);

	if (rc != 0)
		return rc;
	admin->http = http_create(&http);
	return admin->http != NULL ? 0 : err_set(err, E_NOMEM, "no memory for the socket %s", path);
}

int admin_create(const struct admin_options *options, struct admin **ret_admin, struct err *err)
{
	struct admin *admin = calloc(1, sizeof(*admin));
	int rc = 0;

	if (admin == NULL)
		return err_set(err, E_NOMEM, "no memory for the admin socket");
	admin->reactor = options->reactor;
	admin->source = options->source;
	admin->socket = (struct private_socket){.dir = -1, .fd = -1};
	if (options->path != NULL)
		rc = open_socket(admin, options->path, err);
	if (rc == 0 && options->status_listen != NULL)
		rc = probe_create(options->reactor, options->status_listen, &options->source,
				  &admin->probe, err);
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
	struct waiter *waiter;

	while (admin != NULL && (waiter = admin->waiting) != NULL) {
		admin->waiting = waiter->next;
		answer_reload(waiter->request, rc, err);
		free(waiter);
	}
}

void admin_destroy(struct admin *admin)
{
	struct err err = {"outrigger leaves"};

	if (admin == NULL)
		return;
	admin_reload_ended(admin, -E_CLOSED, &err);
	reactor_io_destroy(admin->listen_io);
	http_destroy(admin->http);
	private_socket_fini(&admin->socket);
	probe_destroy(admin->probe);
	free(admin);
}
