/* load_conn.c - a socket and its buffers. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "tests/bench/load.h"

enum {
	ROOM = 65536
};

void load_die(const char *what)
{
	perror(what);
	exit(1);
}

int load_connect(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	errno = ENAMETOOLONG;
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    sizeof(address.sun_path))
		load_die(path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		load_die(path);
	return fd;
}

void load_open(const struct load *l, struct load_conn *c)
{
	c->fd = load_connect(l->socket);
	c->expects = 0;
	memset(c->scan, 0, sizeof(c->scan));
	struct epoll_event want = {.events = EPOLLIN, .data.ptr = c};
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &want) < 0)
		load_die("epoll_ctl");
}

void load_close(struct load_conn *c)
{
	close(c->fd);
	buf_consume(&c->in, buf_len(&c->in));
	buf_consume(&c->out, buf_len(&c->out));
}

void load_flush(struct load_conn *c)
{
	while (buf_len(&c->out)) {
		ssize_t n = send(c->fd, buf_head(&c->out), buf_len(&c->out), MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			load_die("send");
		buf_consume(&c->out, (size_t)n);
	}
}

void load_receive(struct load_conn *c)
{
	if (buf_reserve(&c->in, ROOM) < 0)
		load_die("memory");
	ssize_t n = recv(c->fd, buf_tail(&c->in), ROOM, 0);
	if (n == 0)
		errno = ECONNRESET;
	if (n <= 0)
		load_die("the server closed a connection");
	buf_commit(&c->in, (size_t)n);
}

void load_wait_and_receive(struct load_conn *c)
{
	struct pollfd want = {.fd = c->fd, .events = POLLIN};
	if (poll(&want, 1, LOAD_ANSWER_MS) == 0) {
		fprintf(stderr, "no answer for %d s\n", LOAD_ANSWER_MS / 1000);
		exit(1);
	}
	load_receive(c);
}
