#include "server/admin/probe.h"
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/admin/http.h"
#include "server/admin/view.h"
#include "server/config/config_listen.h"
#include "server/log.h"
#include "server/reactor.h"

#define CONNECTIONS 64U
#define BACKLOG 64
#define PATHS "there are GET /health, /ready and /metrics"

struct probe {
	struct reactor *reactor;
	struct status_source source;
	const char *address;
	struct sockaddr_storage sockaddr;
	socklen_t sockaddr_len;
	int fd; /* -1 = we don't listen */
	struct reactor_io *io;
	struct http *http;
	bool failed; /* said in the log already */
};

static void on_request(void *user, struct http_request *request, const char *method,
		       const char *url)
{
	const struct probe *probe = user;

	if (!view_is_public(url))
		http_refuse(request, MHD_HTTP_NOT_FOUND, PATHS);
	else if (strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		http_refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED, PATHS);
	else
		view_answer(&probe->source, request, url);
}

static void on_gone(void *user, struct http_request *request)
{
	(void)user;
	(void)request;
}

static void on_connection(void *user, int ready)
{
	struct probe *probe = user;
	struct sockaddr_storage peer = {0};
	socklen_t peer_len = sizeof(peer);
	int fd = accept4(probe->fd, (struct sockaddr *)&peer, &peer_len,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
	if (fd >= 0)
		(void)http_add(probe->http, fd, (const struct sockaddr *)&peer, peer_len);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		reactor_io_set(probe->io,
			       0); /* it would fail again and again: until the next check */
}

/* ---- listening ---- */

static int listen_there(struct probe *probe)
{
	const int yes = 1;
	int fd = socket(probe->sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
	    bind(fd, (const struct sockaddr *)&probe->sockaddr, probe->sockaddr_len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		probe->io = reactor_io_create(probe->reactor, fd, on_connection, probe);
	if (probe->io == NULL) {
		close(fd);
		return -1;
	}
	probe->fd = fd;
	reactor_io_set(probe->io, REACTOR_READ);
	return 0;
}

/* With the port that the system has chosen, where ours was 0. */
static void tell(const struct probe *probe)
{
	struct sockaddr_storage own = {0};
	socklen_t n = sizeof(own);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (getsockname(probe->fd, (struct sockaddr *)&own, &n) != 0 ||
	    getnameinfo((const struct sockaddr *)&own, n, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	log_line(LOG_LEVEL_NOTICE,
		 own.ss_family == AF_INET6 ? "/health, /ready and /metrics are on http://[%s]:%s"
					   : "/health, /ready and /metrics are on http://%s:%s",
		 host, port);
}

void probe_check(struct probe *probe)
{
	if (probe == NULL)
		return;
	if (probe->fd >= 0) {
		reactor_io_set(probe->io, REACTOR_READ);
	} else if (listen_there(probe) == 0) {
		tell(probe);
	} else if (!probe->failed) {
		log_line(LOG_LEVEL_WARN, "status_listen: can't listen on %s, trying on: %s",
			 probe->address, strerror(errno));
		probe->failed = true;
	}
}

int probe_create(struct reactor *reactor, const char *address, const struct status_source *source,
		 struct probe **ret_probe, struct err *err)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	const struct http_options http = {.reactor = reactor,
					  .connections = CONNECTIONS,
					  .per_address = CONNECTIONS / 4,
					  .on_request = on_request,
					  .on_gone = on_gone,
					  .user = probe};
	int rc;

	if (probe == NULL)
		return err_set(err, E_NOMEM, "no memory for status_listen");
	probe->reactor = reactor;
	probe->source = *source;
	probe->address = address;
	probe->fd = -1;
	rc = config_listen_parse(address, &probe->sockaddr, &probe->sockaddr_len, err);
	if (rc == 0)
		probe->http = http_create(&http);
	if (rc == 0 && probe->http == NULL)
		rc = err_set(err, E_NOMEM, "no memory for status_listen");
	if (rc != 0) {
		probe_destroy(probe);
		return rc;
	}
	probe_check(probe);
	*ret_probe = probe;
	return 0;
}

void probe_destroy(struct probe *probe)
{
	if (probe == NULL)
		return;
	reactor_io_destroy(probe->io);
	if (probe->fd >= 0)
		close(probe->fd);
	http_destroy(probe->http);
	free(probe);
}
