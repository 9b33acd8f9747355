#include "server/supervisor/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"
#include "server/reactor.h"

#define LINE_SIZE 4096 /* what is longer is more than one */
#define AT_ONCE 16     /* pieces that are read before others have their turn */
#define ROOM (1 << 20) /* that the pipe is to have, where the system lets us */

struct output {
	int fd;
	struct reactor_io *io;
	char *name; /* owned */
	long pid;
	size_t n; /* of a line that has not ended yet */
	char line[LINE_SIZE];
};

int output_pipe(int ret_fds[2], struct err *err)
{
	if (pipe2(ret_fds, O_CLOEXEC) != 0)
		return err_set(err, E_IO, "can't make a pipe: %s", strerror(errno));
	(void)fcntl(ret_fds[0], F_SETFL, O_NONBLOCK);
	(void)fcntl(ret_fds[0], F_SETPIPE_SZ, ROOM);
	return 0;
}

static void say(struct output *output, const char *text, size_t n)
{
	log_event(LOG_LEVEL_NOTICE, 0, output->name, "worker %ld has printed: %.*s", output->pid,
		  (int)n, text);
}

/* Says the lines that are whole, and what fills all the room. */
static void say_lines(struct output *output)
{
	char *from = output->line, *end;
	size_t left = output->n;

	while ((end = memchr(from, '\n', left)) != NULL) {
		say(output, from, (size_t)(end - from));
		left -= (size_t)(end - from) + 1;
		from = end + 1;
	}
	if (left == LINE_SIZE) {
		say(output, from, left);
		left = 0;
	}
	memmove(output->line, from, left);
	output->n = left;
}

/* Whether there may be more. */
static bool read_piece(struct output *output)
{
	ssize_t n = read(output->fd, output->line + output->n, LINE_SIZE - output->n);

	if (n > 0) {
		output->n += (size_t)n;
		say_lines(output);
		return true;
	}
	if (n == 0 && output->io != NULL)
		reactor_io_set(output->io, 0);
	return n < 0 && errno == EINTR;
}

static void on_ready(void *user, int ready)
{
	(void)ready;
	for (int i = 0; i < AT_ONCE && read_piece(user); i++)
		continue;
}

struct output *output_create(struct reactor *reactor, int fd, const char *name)
{
	struct output *output = calloc(1, sizeof(*output));

	if (output == NULL) {
		close(fd);
		return NULL;
	}
	output->fd = fd;
	output->name = strndup(name, strcspn(name, "/"));
	output->io = reactor_io_create(reactor, fd, on_ready, output);
	if (output->name == NULL || output->io == NULL) {
		output_destroy(output);
		return NULL;
	}
	reactor_io_set(output->io, REACTOR_READ);
	return output;
}

void output_of(struct output *output, long pid)
{
	output->pid = pid;
}

/* Others may still write, so no more is waited for than what the pipe may have. */
static void read_rest(struct output *output)
{
	for (size_t i = 0; i < 2 * ROOM / LINE_SIZE && read_piece(output); i++)
		continue;
	if (output->n > 0)
		say(output, output->line, output->n);
}

void output_destroy(struct output *output)
{
	if (output == NULL)
		return;
	if (output->name != NULL)
		read_rest(output);
	reactor_io_destroy(output->io);
	close(output->fd);
	free(output->name);
	free(output);
}
