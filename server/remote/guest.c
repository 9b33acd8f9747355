#include "server/remote/guest.h"
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "plugins/remote/remote.h"
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/confine/identity.h"
#include "server/file.h"
#include "server/reactor.h"
#include "server/remote/keys.h"

#define BACKLOG 16
#define LOOK_EVERY 200 /* milliseconds, where others listen */

struct place {
	struct sockaddr_storage address;
	socklen_t size;
	const char *endpoint; /* borrowed, as the next one */
	const char *path;     /* of a Unix socket; else NULL */
};

/* ---- where ---- */

static int no_place(const char *endpoint, struct err *err)
{
	return err_set(
		err, E_CONF,
		"'%s' is no place to listen at: write ipc:///PATH, of at most 107 letters, or "
		"tcp://ADDRESS:PORT with numbers, as tcp://127.0.0.1:7000 or tcp://[::1]:7000",
		endpoint);
}

static int parse_path(const char *endpoint, struct place *ret, struct err *err)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&ret->address;

	ret->path = endpoint + strlen("ipc://");
	if (*ret->path != '/' || strlen(ret->path) >= sizeof(address->sun_path))
		return no_place(endpoint, err);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, ret->path, strlen(ret->path) + 1);
	ret->size = sizeof(*address);
	return 0;
}

/* `host` is changed. */
static int resolve(char *host, struct place *ret)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	char *colon = strrchr(host, ':');
	struct addrinfo *found = NULL;
	size_t n;

	if (colon == NULL || colon == host || colon[1] == '\0')
		return -E_CONF;
	*colon = '\0';
	n = strlen(host);
	if (n > 2 && host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		host++;
	}
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return -E_CONF;
	memcpy(&ret->address, found->ai_addr, found->ai_addrlen);
	ret->size = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int parse(const char *endpoint, struct place *ret, struct err *err)
{
	char *host;
	int rc;

	*ret = (struct place){.endpoint = endpoint};
	if (strncmp(endpoint, "ipc://", 6) == 0)
		return parse_path(endpoint, ret, err);
	if (strncmp(endpoint, "tcp://", 6) != 0)
		return no_place(endpoint, err);
	host = strdup(endpoint + 6);
	rc = host != NULL ? resolve(host, ret) : -E_NOMEM;
	free(host);
	return rc == -E_CONF ? no_place(endpoint, err) : rc;
}

/* ---- listening ---- */

static int no_listening(const struct place *place, struct err *err)
{
	return err_set(err, E_IO, "can't listen at %s: %s", place->endpoint, strerror(errno));
}

/* The name is that of who began to listen last, so those who wait for a program do so one after the other. */
static int wait_for_turn(const struct place *place, double until, int *ret_lock, struct err *err)
{
	char *path = file_printf("%s.lock", place->path);
	int fd, rc = 0;

	if (path == NULL)
		return -E_NOMEM;
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	free(path);
	if (fd < 0)
		return no_listening(place, err);
	while (flock(fd, LOCK_EX | LOCK_NB) != 0 && rc == 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			rc = no_listening(place, err);
		else if (reactor_now() >= until)
			rc = err_set(err, E_ABSENT, "another process waits for a program at %s",
				     place->endpoint);
		else
			poll(NULL, 0, LOOK_EVERY);
	}
	if (rc == 0)
		*ret_lock = fd;
	else
		close(fd);
	return rc;
}

/* In place of a socket of that name, and of nothing else. 0, or -1 and errno. */
static int bind_path(int fd, const struct place *place)
{
	struct stat st;
	mode_t mask;
	int rc;

	if (lstat(place->path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(place->path);
	mask = umask(0177);
	rc = bind(fd, (const struct sockaddr *)&place->address, place->size);
	umask(mask);
	return rc;
}

/* Our next process listens there as well, until we have gone: whoever comes to the wrong one tries again. */
static int bind_port(int fd, const struct place *place)
{
	const int yes = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes)) != 0)
		return -1;
	return bind(fd, (const struct sockaddr *)&place->address, place->size);
}

static int give_away(const struct config *config, const struct place *place, struct err *err)
{
	struct identity identity;
	int rc = place->path != NULL ? identity_find(config, &identity, err) : 0;

	if (rc != 0 || place->path == NULL || identity.user == NULL ||
	    lchown(place->path, identity.uid, identity.gid) == 0)
		return rc;
	return err_set(err, E_IO, "can't give %s to %s: %s", place->path, identity.user,
		       strerror(errno));
}

static int listen_at(const struct place *place, int *ret_fd, struct err *err)
{
	int fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int rc;

	if (fd < 0)
		return no_listening(place, err);
	rc = place->path != NULL ? bind_path(fd, place) : bind_port(fd, place);
	if (rc == 0 && listen(fd, BACKLOG) == 0) {
		*ret_fd = fd;
		return 0;
	}
	rc = no_listening(place, err);
	close(fd);
	return rc;
}

static int open_place(const struct config *config, const struct place *place,
		      struct remote_program *ret, struct err *err)
{
	int rc = 0;

	ret->patience = config->load_timeout;
	if (place->path != NULL)
		rc = wait_for_turn(place, reactor_now() + ret->patience, &ret->turn_fd, err);
	if (rc == 0)
		rc = listen_at(place, &ret->listen_fd, err);
	return rc == 0 ? give_away(config, place, err) : rc;
}

int guest_await(const struct config *config, const struct plugin_settings *settings,
		struct remote_program *ret, struct err *err)
{
	struct remote_keys *keys = NULL;
	struct place place;
	int rc = parse(settings->listen, &place, err);

	*ret = (struct remote_program){.listen_fd = -1, .pidfd = -1, .turn_fd = -1};
	if (rc == 0 && settings->listen_key != NULL)
		rc = keys_read(settings->listen_key, &keys, err);
	ret->keys = keys;
	if (rc == 0)
		rc = open_place(config, &place, ret, err);
	ret->endpoint = place.path != NULL ? "ipc:///proc/self/fd/0" : settings->listen;
	if (rc != 0)
		guest_fini(ret);
	return rc == 0 ? 0 : err_prefix(err, rc, "plugin '%s': listen", settings->name);
}

void guest_fini(struct remote_program *program)
{
	if (program->listen_fd >= 0)
		close(program->listen_fd);
	if (program->turn_fd >= 0)
		close(program->turn_fd);
	keys_destroy((struct remote_keys *)program->keys);
	*program = (struct remote_program){.listen_fd = -1, .pidfd = -1, .turn_fd = -1};
}
