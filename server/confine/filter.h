/* filter.h - which system calls plugin code may make.
 *
 * What is refused gives EPERM, as if the process had not the right: plugins and libraries know how to go on from that.
 * To have plugins be allowed something by name, add a row to allow.def. */
#ifndef SERVER_CONFINE_FILTER_H
#define SERVER_CONFINE_FILTER_H
#include <stdbool.h>

struct err;

/* What a configuration can allow. */
enum allow {
#define ALLOW(name, doc) ALLOW_##name,
#include "server/confine/allow.def"
	ALLOW_COUNT
};

#define ALLOW_BIT(allow) (1U << (allow))

/* Names with commas (NULL = none). -E_CONF. */
int filter_parse_allow(const char *names, unsigned *ret, struct err *err);
struct filter_options {
	unsigned allowed;  /* ALLOW_BIT */
	bool network;      /* else Unix sockets only, and nobody can be made to come to them */
	bool zeromq;       /* threads of ZeroMQ are to run */
	bool no_truncate;  /* no file is made shorter by its name, anywhere */
	bool no_new_privs; /* without it only root may install a filter */
};

/* Whether the kernel has such filters. */
bool filter_is_known(void);
/* For all threads of the process, and what it starts, for good. -E_UNSUPPORTED, -E_NOMEM. */
int filter_install(const struct filter_options *options, struct err *err);

#endif
