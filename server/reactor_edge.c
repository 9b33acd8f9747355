#include "server/reactor_edge.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MIN_SIZE ((size_t)64)
#define ANY_END (EPOLLRDHUP | EPOLLHUP | EPOLLERR)

struct edge {
	bool is_marked;
	bool has_ended;
	int epoll;                /* -1 = not watched yet */
	struct epoll_event asked; /* last */
};

/* By descriptor. A thread's own, as its loops are. */
static _Thread_local struct {
	struct edge *of;
	size_t size, marked;
} edges;

static int grow(size_t size)
{
	struct edge *of = realloc(edges.of, size * sizeof(*of));

	if (of == NULL)
		return -1;
	memset(of + edges.size, 0, (size - edges.size) * sizeof(*of));
	edges.of = of;
	edges.size = size;
	return 0;
}

static int make_room(size_t fd)
{
	size_t size = edges.size > 0 ? edges.size : MIN_SIZE;

	while (size <= fd)
		size *= 2;
	return size > edges.size ? grow(size) : 0;
}

/* NULL = it is not marked. */
static struct edge *find(int fd)
{
	if (fd < 0 || (size_t)fd >= edges.size || !edges.of[fd].is_marked)
		return NULL;
	return &edges.of[fd];
}

static int control(int epoll, int op, int fd, struct epoll_event *event)
{
	return (int)syscall(SYS_epoll_ctl, epoll, op, fd, event);
}

int reactor_edge_mark(int fd)
{
	reactor_edge_unmark(fd);
	if (make_room((size_t)fd) != 0)
		return -1;
	edges.of[fd] = (struct edge){.is_marked = true, .epoll = -1};
	edges.marked++;
	return 0;
}

/* libev leaves it to the kernel to forget a descriptor that is closed, which it does not where another process has the file, too.
 * It would not tell of what is there when the same file is watched again by the same number. */
void reactor_edge_unmark(int fd)
{
	struct edge *edge = find(fd);

	if (edge == NULL)
		return;
	if (edge->epoll >= 0)
		(void)control(edge->epoll, EPOLL_CTL_DEL, fd, NULL);
	edge->is_marked = false;
	if (--edges.marked > 0)
		return;
	free(edges.of);
	edges.of = NULL;
	edges.size = 0;
}

/* What is asked for again is looked at again. It fails where libev has it watched anew, which does the same. */
static void ask_again(struct edge *edge, int fd)
{
	(void)control(edge->epoll, EPOLL_CTL_MOD, fd, &edge->asked);
}

void reactor_edge_again(int fd)
{
	struct edge *edge = find(fd);

	if (edge != NULL && !edge->has_ended && edge->epoll >= 0)
		ask_again(edge, fd);
}

/* libev keeps the descriptor in the lower half, and in the other one a number that differs where an event is of one that had
 * the descriptor before. */
static struct edge *find_told(int epoll, const struct epoll_event *event)
{
	struct edge *edge = find((int)(uint32_t)event->data.u64);

	if (edge == NULL || edge->epoll != epoll || edge->asked.data.u64 != event->data.u64)
		return NULL;
	return edge;
}

static void note_end(struct edge *edge, int fd)
{
	edge->has_ended = true;
	edge->asked.events &= ~(uint32_t)(EPOLLET | EPOLLRDHUP);
	ask_again(edge, fd);
}

void reactor_edge_note(int epoll, const struct epoll_event *events, int count)
{
	for (int i = 0; i < count; i++) {
		struct edge *edge;

		if (!(events[i].events & ANY_END))
			continue;
		edge = find_told(epoll, &events[i]);
		if (edge != NULL && !edge->has_ended)
			note_end(edge, (int)(uint32_t)events[i].data.u64);
	}
}

static struct epoll_event add_edge(const struct edge *edge, const struct epoll_event *event)
{
	struct epoll_event asked = *event;

	if (!edge->has_ended)
		asked.events |= EPOLLET | EPOLLRDHUP;
	return asked;
}

/* libev calls this one. The names of its declaration's parameters are reserved ones. */
/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
__attribute__((visibility("default"))) int epoll_ctl(int epoll, int op, int fd,
						     struct epoll_event *event)
{
	struct edge *edge = find(fd);
	struct epoll_event asked;

	if (edge == NULL || op == EPOLL_CTL_DEL || event == NULL)
		return control(epoll, op, fd, event);
	asked = add_edge(edge, event);
	if (control(epoll, op, fd, &asked) != 0)
		return -1;
	edge->epoll = epoll;
	edge->asked = asked;
	return 0;
}
