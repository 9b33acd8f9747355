#include "server/supervisor/title.h"
#include <errno.h>
#include <linux/prctl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "protocol/buf.h"
#include "server/file.h"
#include "server/process.h"

static const char own_program[] = "/proc/self/exe";

/* What the kernel has as our layout, with the arguments at another place. It stays as it is but for these. */
static int show(const struct buf *arguments)
{
	struct process_layout now;
	struct prctl_mm_map map;

	if (process_own_layout(&now) != 0)
		return -1;
	map = (struct prctl_mm_map){
		.start_code = now.start_code,
		.end_code = now.end_code,
		.start_data = now.start_data,
		.end_data = now.end_data,
		.start_brk = now.start_brk,
		.start_stack = now.start_stack,
		.arg_start = (uint64_t)(uintptr_t)buf_head(arguments),
		.arg_end = (uint64_t)(uintptr_t)buf_tail(arguments),
		.env_start = now.env_start,
		.env_end = now.env_end,
		.exe_fd = (uint32_t)-1,
	};
	map.brk = (uint64_t)(uintptr_t)sbrk(
		0); /* last: memory that was asked for before is below it */
	return prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0);
}

/* Each with the NUL behind it, as the kernel has them. */
static int join(char *const *argv, struct buf *ret)
{
	int rc = 0;

	for (; rc == 0 && *argv != NULL; argv++)
		rc = buf_append(ret, *argv, strlen(*argv) + 1);
	return rc;
}

static void show_or_run(char *const *argv)
{
	static struct buf arguments; /* the kernel reads it as long as we live */

	if (join(argv, &arguments) == 0 && show(&arguments) != 0)
		execv(own_program, argv);
}

void title_supervisor(const char *prefix, int argc, char **argv)
{
	size_t n = (size_t)argc;
	char **titled;

	prctl(PR_SET_NAME, "outrigger"); /* not a link's, nor "exe" */
	if (strncmp(program_invocation_name, TITLE_SUPERVISOR, strlen(TITLE_SUPERVISOR)) == 0)
		return;
	titled = calloc(n + 2, sizeof(*titled));
	if (titled == NULL)
		return;
	titled[0] = file_printf(TITLE_SUPERVISOR "%s", prefix);
	memcpy(titled + 1, argv, n * sizeof(*titled));
	if (titled[0] != NULL)
		show_or_run(titled);
	free(titled[0]);
	free(titled);
}
