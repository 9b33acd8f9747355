#include "server/notify.h"
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* There is one manager of a process. */
static struct {
	int fd; /* -1 = nobody is to be told */
	struct sockaddr_un to;
	socklen_t to_size;
	double watchdog; /* seconds between two signs of life; 0 = none are wanted */
	double next;     /* when the next one is due */
	bool leaves;     /* that was said */
} manager = {.fd = -1};

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

void notify_init(void)
{
	const char *address = getenv("NOTIFY_SOCKET");

	notify_fini();
	if (address != NULL && parse_address(address, &manager.to, &manager.to_size))
		manager.fd = open_socket();
	if (manager.fd >= 0)
		manager.watchdog = watchdog_time();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_fini(void)
{
	if (manager.fd >= 0)
		close(manager.fd);
	memset(&manager, 0, sizeof(manager));
	manager.fd = -1;
}

static void say(const char *text)
{
	if (manager.fd >= 0)
		sendto(manager.fd, text, strlen(text), MSG_NOSIGNAL,
		       (const struct sockaddr *)&manager.to, manager.to_size);
}

void notify_ready(size_t plugins)
{
	char text[64];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=Plugins: %zu.", plugins);
	say(text);
}

void notify_waits(void)
{
	say("READY=1\nSTATUS=Waits for another server to leave.");
}

void notify_reloads(void)
{
	struct timespec now = {0};
	char text[96];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=Reloads.",
		 (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	say(text);
}

void notify_alive(double now)
{
	if (manager.watchdog <= 0 || now < manager.next)
		return;
	manager.next = now + manager.watchdog;
	say("WATCHDOG=1");
}

void notify_leaves(void)
{
	if (!manager.leaves)
		say("STOPPING=1\nSTATUS=Leaves.");
	manager.leaves = true;
}
