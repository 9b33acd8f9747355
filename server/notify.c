#include "server/notify.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* A path, or an abstract address that begins with '@'. */
static bool parse_address(const char *text, struct sockaddr_un *ret_to, socklen_t *ret_size)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	size_t n = strlen(text);

	if ((text[0] != '/' && text[0] != '@') || n < 2 || n >= sizeof(to.sun_path))
		return false;
	memcpy(to.sun_path, text, n + 1);
	if (text[0] == '@')
		to.sun_path[0] = '\0';
	*ret_to = to;
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

/* A whole number above 0, or 0. */
static unsigned long long parse_number(const char *text)
{
	char *end;
	unsigned long long number;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return 0;
	errno = 0;
	number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' ? number : 0;
}

/* Twice as often as it has to be. Another process of the service may be the one that is watched. */
static double watchdog_time(void)
{
	const char *pid = getenv("WATCHDOG_PID");

	if (pid != NULL && parse_number(pid) != (unsigned long long)getpid())
		return 0;
	return (double)parse_number(getenv("WATCHDOG_USEC")) / 2e6;
}

/* What is lost is not said again, so the manager gets a moment, but no more: workers serve meanwhile. */
static int open_socket(void)
{
	const struct timeval patience = {.tv_sec = 1};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return fd;
}

void notify_init(struct notify *n)
{
	const char *address = getenv("NOTIFY_SOCKET");

	*n = (struct notify){.fd = -1};
	if (address != NULL && parse_address(address, &n->to, &n->to_size))
		n->fd = open_socket();
	if (n->fd >= 0)
		n->watchdog = watchdog_time();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_fini(struct notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	*n = (struct notify){.fd = -1};
}

static void say(const struct notify *n, const char *text)
{
	if (n->fd >= 0)
		sendto(n->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&n->to,
		       n->to_size);
}

void notify_ready(const struct notify *n, size_t plugins)
{
	char text[64];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=Plugins: %zu.", plugins);
	say(n, text);
}

void notify_reloads(const struct notify *n)
{
	struct timespec now = {0};
	char text[96];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reloads.",
		 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	say(n, text);
}

void notify_alive(struct notify *n, double now)
{
	if (n->watchdog <= 0 || now < n->next)
		return;
	n->next = now + n->watchdog;
	say(n, "WATCHDOG=1");
}

void notify_leaves(struct notify *n)
{
	if (!n->leaves)
		say(n, "STOPPING=1\nSTATUS=Leaves.");
	n->leaves = true;
}
