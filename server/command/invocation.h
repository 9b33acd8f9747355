/* invocation.h - the ways in which plugin servers made with go-pdk are called, as our sub-commands.
 *
 * Through a symbolic link NAME (the gateway's default start_cmd is /usr/local/bin/NAME):
 *   NAME [OPTIONS]              serve --plugin NAME --exit-with-parent [OPTIONS]
 *   NAME -dump                  dump --plugin NAME      (the default query_cmd from 3.9 on)
 *   query_NAME                  dump --plugin NAME      (the default query_cmd before)
 * As outrigger:
 *   outrigger -kong-prefix DIR  serve --exit-with-parent --prefix DIR
 *   outrigger -dump             dump */
#ifndef SERVER_COMMAND_INVOCATION_H
#define SERVER_COMMAND_INVOCATION_H

struct invocation {
	int argc;
	char **argv; /* ends with NULL; the texts are owned too */
};

/* The sub-command that the arguments stand for, its name first; argc is 0 where they are not of this
 * kind. 0 or -E_NOMEM. */
int invocation_init(struct invocation *invocation, int argc, char **argv);
void invocation_fini(struct invocation *invocation);

#endif
