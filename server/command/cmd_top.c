/* cmd_top.c - `outrigger top`: a status a second, and what has happened in between. */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/admin/ask.h"
#include "server/admin/top_text.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/config/options.h"

#define INTERVAL 1000 /* milliseconds */

enum {
	OWN_COUNT
};

static const struct cli_command top_command = {
	.name = "top",
	.bit = COMMAND_STATUS,
	.doc = "Shows what a server's plugins do, every second, until q is typed: events per second, how\n"
	       "long an event takes (its waits for the gateway included), and those that were answered\n"
	       "by the failure contract; and its workers' memory (their own, not shared), running events\n"
	       "and connections.",
	.options = {[OWN_COUNT] = {"count", "N", "Print N pages below each other, and end."}},
};

/* A terminal that tells each key at once. */
struct screen {
	struct termios before;
	bool is_live; /* it is one, and is cleared for each page */
};

static void open_screen(struct screen *screen)
{
	struct termios raw;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &screen->before) != 0)
		return;
	raw = screen->before;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	screen->is_live = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void close_screen(const struct screen *screen)
{
	if (screen->is_live)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen->before);
}

static int show(const struct screen *screen, const json_t *before, const json_t *now,
		struct err *err)
{
	char *page = top_to_text(before, now);

	if (page == NULL)
		return err_set(err, E_IO, "what answers is no outrigger of this version");
	if (screen->is_live)
		fputs("\033[H\033[2J", stdout);
	fputs(page, stdout);
	fputs(screen->is_live ? "\nq ends\n" : "\n", stdout);
	free(page);
	return fflush(stdout) == 0 ? 0 : err_set(err, E_IO, "can't write the output");
}

/* Whether to go on. */
static bool wait_for_key(const struct screen *screen)
{
	struct pollfd keys = {.fd = screen->is_live ? STDIN_FILENO : -1, .events = POLLIN};
	char key = 0;

	return poll(&keys, 1, INTERVAL) == 0 ||
	       (read(STDIN_FILENO, &key, 1) == 1 && key != 'q' && key != 'Q');
}

/* `pages` of them; 0 = until a key says so. */
static int watch(const struct config *config, const struct screen *screen, unsigned long pages,
		 struct err *err)
{
	json_t *before = NULL, *now = NULL;
	int rc;

	for (unsigned long i = 0;; i++) {
		rc = ask_status(config, &now, err);
		if (rc == 0)
			rc = show(screen, before, now, err);
		json_decref(before);
		before = now;
		now = NULL;
		if (rc != 0 || i + 1 == pages || !wait_for_key(screen))
			break;
	}
	json_decref(before);
	return rc;
}

static int parse_count(const char *text, unsigned long *ret, struct err *err)
{
	char *end = NULL;

	*ret = text != NULL ? strtoul(text, &end, 10) : 0;
	if (text == NULL || (*ret > 0 && *end == '\0' && text[0] != '-'))
		return 0;
	return err_set(err, E_USAGE, "--count %s: it must be a number from 1 on", text);
}

int cmd_top(int argc, char **argv)
{
	struct screen screen = {0};
	struct err err = {""};
	unsigned long pages = 0;
	struct cli cli;
	int rc, code = cli_init(&cli, &top_command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = parse_count(cli.own[OWN_COUNT], &pages, &err);
	if (rc == 0) {
		open_screen(&screen);
		rc = watch(&cli.config, &screen, pages, &err);
		close_screen(&screen);
	}
	code = rc == 0 ? EXIT_DONE : cli_fail(top_command.name, &err, rc);
	cli_fini(&cli);
	return code;
}
