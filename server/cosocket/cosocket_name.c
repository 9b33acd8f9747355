#include "server/cosocket/cosocket_name.h"
#include <ares.h>
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/config_sockets.h"
#include "server/cosocket/cosocket.h"
#include "server/cosocket/cosocket_address.h"
#include "server/cosocket/name_cache.h"
#include "server/reactor.h"

#define FIRST_TIMEOUT_MS 2000 /* the next ones are longer; 14 s in all */
#define TRIES 3

/* A descriptor of c-ares's. */
struct name_socket {
	struct names *names;
	int fd;
	struct reactor_io *io;
	struct name_socket *prev, *next;
};

struct names {
	struct reactor *reactor;
	ares_channel channel;
	struct reactor_timer *timer; /* of c-ares */
	struct name_socket *sockets;
	struct name_cache cache;
};

struct cosocket_query {
	struct names *names;
	cosocket_resolved fn; /* NULL once it is forgotten */
	void *user;
	bool is_over;                /* c-ares knows it no longer */
	struct reactor_timer *timer; /* tells, later */
	struct name_answer answer;
	char *why; /* NULL = it has been found */
	char name[];
};

/* ---- c-ares and the loop ---- */

static void set_timer(struct names *names)
{
	struct timeval span;

	if (ares_timeout(names->channel, NULL, &span) == NULL)
		reactor_timer_stop(names->timer);
	else
		reactor_timer_start(names->timer, (double)span.tv_sec + (double)span.tv_usec / 1e6,
				    0);
}

static void on_timer(void *user)
{
	struct names *names = user;

	ares_process_fd(names->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(names);
}

static void on_io(void *user, int ready)
{
	const struct name_socket *s = user;
	struct names *names = s->names;
	int fd = s->fd;

	ares_process_fd(names->channel, ready & REACTOR_READ ? fd : ARES_SOCKET_BAD,
			ready & REACTOR_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(names);
}

static struct name_socket *find_socket(struct names *names, int fd)
{
	struct name_socket *s;

	DL_FOREACH (names->sockets, s)
		if (s->fd == fd)
			return s;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->names = names;
	s->fd = fd;
	s->io = reactor_io_create(names->reactor, fd, on_io, s);
	if (s->io == NULL) {
		free(s);
		return NULL;
	}
	DL_APPEND(names->sockets, s);
	return s;
}

static void drop_socket(struct name_socket *s)
{
	DL_DELETE(s->names->sockets, s);
	reactor_io_destroy(s->io);
	free(s);
}

/* c-ares begins or ends to wait for a descriptor. */
static void on_state(void *user, ares_socket_t fd, int reads, int writes)
{
	struct name_socket *s = find_socket(user, fd);

	if (s == NULL)
		return;
	if (!reads && !writes)
		drop_socket(s);
	else
		reactor_io_set(s->io, (reads ? REACTOR_READ : 0) | (writes ? REACTOR_WRITE : 0));
}

/* ---- set up ---- */

static bool set_servers(struct names *names, const char *list)
{
	char *servers = config_sockets_servers(list);
	int rc = ARES_ENOMEM;

	if (servers != NULL)
		rc = ares_set_servers_ports_csv(names->channel, servers);
	free(servers);
	return rc == ARES_SUCCESS;
}

static bool open_channel(struct names *names, const struct config *config)
{
	char lookups[] = "fb"; /* files, then DNS */
	struct ares_options options = {
		.flags = ARES_FLAG_NOCHECKRESP, /* a server's failure is the answer */
		.timeout = FIRST_TIMEOUT_MS,
		.tries = TRIES,
		.lookups = lookups,
		.sock_state_cb = on_state,
		.sock_state_cb_data = names,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
		   ARES_OPT_SOCK_STATE_CB;

	if (config->dns_hostsfile != NULL)
		setenv("CARES_HOSTS", config->dns_hostsfile, 1);
	if (ares_init_options(&names->channel, &options, mask) != ARES_SUCCESS)
		return false;
	if (config->dns_resolver == NULL || set_servers(names, config->dns_resolver))
		return true;
	ares_destroy(names->channel);
	return false;
}

static struct names *names_of(struct cosocket_home *home)
{
	struct names *names = home->names;

	if (names != NULL)
		return names;
	names = calloc(1, sizeof(*names));
	if (names == NULL)
		return NULL;
	names->reactor = home->reactor;
	names->timer = reactor_timer_create(home->reactor, on_timer, names);
	if (names->timer == NULL || !open_channel(names, home->config)) {
		reactor_timer_destroy(names->timer);
		free(names);
		return NULL;
	}
	home->names = names;
	return names;
}

void cosocket_name_end(struct cosocket_home *home)
{
	struct names *names = home->names;
	struct name_socket *s, *next;

	if (names == NULL)
		return;
	ares_destroy(names->channel); /* calls back for what is under way */
	DL_FOREACH_SAFE (names->sockets, s, next)
		drop_socket(s);
	reactor_timer_destroy(names->timer);
	name_cache_fini(&names->cache);
	free(names);
	home->names = NULL;
}

/* ---- a query ---- */

static void destroy(struct cosocket_query *query)
{
	reactor_timer_destroy(query->timer);
	free(query->why);
	free(query);
}

static void tell(void *user)
{
	struct cosocket_query *query = user;
	const struct name_answer *answer = &query->answer;
	const char *texts[COSOCKET_ADDRESSES] = {NULL};
	size_t n = query->why == NULL ? answer->n : 0;

	for (size_t i = 0; i < n; i++)
		texts[i] = answer->texts[i];
	query->fn(query->user, texts, n, query->why);
	destroy(query);
}

/* The numbers and words are nginx's. */
static const char *words_of(int status)
{
	switch (status) {
	case ARES_EFORMERR:
		return "1: Format error";
	case ARES_ESERVFAIL:
		return "2: Server failure";
	case ARES_ENOTFOUND:
	case ARES_ENODATA:
	case ARES_EBADNAME:
		return "3: Host not found";
	case ARES_ENOTIMP:
		return "4: Unimplemented";
	case ARES_EREFUSED:
		return "5: Operation refused";
	default:
		return "110: Operation timed out";
	}
}

/* Names are asked for by other sockets than Unix ones, which the sandbox may refuse. */
static bool is_network_off(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == EPERM;
}

static char *explain(const char *name, int status)
{
	struct err err = {""};

	if (status == ARES_ECONNREFUSED && is_network_off())
		err_write(&err, "%s could not be resolved (the plugin's network is off)", name);
	else
		err_write(&err, "%s could not be resolved (%s)", name, words_of(status));
	return strdup(err.text);
}

/* IPv4 where there is some, since IPv6 may lead nowhere. */
static void take_addresses(struct name_answer *answer, const struct ares_addrinfo *info, int family)
{
	const struct ares_addrinfo_node *node;

	for (node = info->nodes; node != NULL && answer->n < COSOCKET_ADDRESSES;
	     node = node->ai_next) {
		struct cosocket_address address = {.length = 0};
		const void *bytes = family == AF_INET ? (void *)&address.v4.sin_addr
						      : (void *)&address.v6.sin6_addr;

		if (node->ai_family != family || node->ai_addrlen > sizeof(address.v6))
			continue;
		memcpy(&address.any, node->ai_addr, node->ai_addrlen);
		if (inet_ntop(family, bytes, answer->texts[answer->n], NAME_TEXT) == NULL)
			continue;
		if (answer->n++ == 0 || node->ai_ttl < answer->ttl)
			answer->ttl = node->ai_ttl;
	}
}

static void on_answer(void *user, int status, int timeouts, struct ares_addrinfo *info)
{
	struct cosocket_query *query = user;

	(void)timeouts;
	query->is_over = true;
	if (status == ARES_SUCCESS)
		take_addresses(&query->answer, info, AF_INET);
	if (status == ARES_SUCCESS && query->answer.n == 0)
		take_addresses(&query->answer, info, AF_INET6);
	if (info != NULL)
		ares_freeaddrinfo(info);
	if (query->fn == NULL) {
		destroy(query);
		return;
	}
	if (query->answer.n == 0)
		query->why = explain(query->name, status == ARES_SUCCESS ? ARES_ENODATA : status);
	else
		name_cache_put(&query->names->cache, query->name, &query->answer);
	reactor_timer_start(query->timer, 0, 0);
}

static void ask(struct cosocket_query *query)
{
	static const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_ENVHOSTS | ARES_AI_NOSORT, .ai_family = AF_UNSPEC};
	struct names *names = query->names;

	ares_getaddrinfo(names->channel, query->name, NULL, &hints, on_answer, query);
	set_timer(names);
}

struct cosocket_query *cosocket_name_resolve(struct cosocket_home *home, const char *name,
					     cosocket_resolved fn, void *user)
{
	struct names *names = names_of(home);
	size_t n = strlen(name) + 1;
	struct cosocket_query *query = names != NULL ? calloc(1, sizeof(*query) + n) : NULL;

	if (query == NULL)
		return NULL;
	query->timer = reactor_timer_create(names->reactor, tell, query);
	if (query->timer == NULL) {
		free(query);
		return NULL;
	}
	query->names = names;
	query->fn = fn;
	query->user = user;
	memcpy(query->name, name, n);
	query->is_over = name_cache_find(&names->cache, name, &query->answer);
	if (query->is_over)
		reactor_timer_start(query->timer, 0, 0);
	else
		ask(query);
	return query;
}

void cosocket_name_forget(struct cosocket_query *query)
{
	if (query == NULL)
		return;
	if (query->is_over)
		destroy(query);
	else
		query->fn = NULL; /* on_answer frees it */
}
