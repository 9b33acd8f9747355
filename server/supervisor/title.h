/* title.h - what ps shows of us. */
#ifndef SERVER_SUPERVISOR_TITLE_H
#define SERVER_SUPERVISOR_TITLE_H

/* How argv[0] of our processes begins: what ps shows, and what main knows one by. */
#define TITLE "outrigger: "
#define TITLE_WORKER TITLE "worker "
#define TITLE_SUPERVISOR TITLE "supervisor "

/* Has ps show "outrigger: supervisor PREFIX" and these arguments. To write over the old ones, which are shorter, would take
 * the room of the environment; so the kernel is told of another place. Where it can't be (it was built without
 * CHECKPOINT_RESTORE), our own program is run once more, in our place. Returns where the one or the other was done, or can't
 * be. To be called before there are threads. */
void title_supervisor(const char *prefix, int argc, char **argv);

#endif
