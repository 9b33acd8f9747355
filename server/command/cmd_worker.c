/* cmd_worker.c - `worker`, which only a supervisor calls (supervisor/child.c). */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include "server/command/cmd.h"
#include "server/supervisor/title.h"
#include "server/supervisor/worker_role.h"

#define ARGUMENTS 4 /* worker OWNER DIR check|- */

/* ps shows all arguments: what is no news for people is wiped out. */
static void hide(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		memset(argv[i], 0, strlen(argv[i]));
}

/* The kernel's name of a process is short: only what is after "outrigger: ". */
static void name_process(const char *title)
{
	prctl(PR_SET_NAME, title + strlen(TITLE_WORKER));
}

/* "outrigger: worker NAME/SEAT" */
static unsigned seat_of(const char *title)
{
	const char *slash = strrchr(title, '/');

	return slash != NULL ? (unsigned)strtoul(slash + 1, NULL, 10) : 0;
}

int cmd_worker(int argc, char **argv)
{
	struct worker_role_options options = {0};
	int rc = 1;
	char *dir;

	if (argc != ARGUMENTS)
		return EXIT_USAGE;
	dir = strdup(argv[2]);
	options.owner = (unsigned)strtoul(argv[1], NULL, 10);
	options.ids_dir = dir;
	options.checks = strcmp(argv[3], "check") == 0;
	options.seat = seat_of(argv[-1]);
	name_process(argv[-1]);
	hide(argc, argv);
	if (dir != NULL)
		rc = worker_role_run(&options);
	free(dir);
	return rc == 0 ? EXIT_DONE : EXIT_FAILED;
}
