#include "server/registry/registry_take.h"
#include <stdlib.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/log.h"
#include "server/reactor.h"
#include "server/registry/handover.h"

#define PATIENCE 3.0 /* seconds, for all sockets together */

static int ask(const struct registry_take_options *options, const char *path, double until,
	       struct registry **ret, bool *ret_orphan, struct err *err)
{
	struct handover_answer answer;
	int rc = handover_ask(path, until, &answer, err);

	if (rc != 0)
		return rc;
	*ret_orphan = answer.is_orphan;
	rc = registry_open(answer.registry_fd, &options->registry, ret, err);
	close(answer.registry_fd);
	if (rc == 0 && options->on_shared != NULL && answer.shared_fd >= 0)
		options->on_shared(options->user, answer.shared_fd);
	else if (answer.shared_fd >= 0)
		close(answer.shared_fd);
	if (rc == 0 && options->on_predecessor != NULL)
		options->on_predecessor(options->user, answer.connection_fd);
	else
		close(answer.connection_fd);
	return rc != 0 ? err_prefix(err, rc, "%s.next", path) : 0;
}

/* Takes `more`. */
static struct registry *join(struct registry *r, struct registry *more)
{
	struct err err = {""};
	int rc;

	if (r == NULL)
		return more;
	rc = registry_merge(r, more, &err);
	if (rc != 0)
		log_line(LOG_LEVEL_ERR, "some instances can't be taken over: %s",
			 err_message(&err, rc));
	registry_close(more);
	return r;
}

/* Each process without a supervisor answers once, so that all of them have been told of us; in vain where one has died.
 * Returns the registry, with what is added to `r`; NULL = none. */
static struct registry *ask_at(const struct registry_take_options *options, const char *path,
			       double until, struct registry *r)
{
	bool is_orphan = true;

	for (size_t n = 0; is_orphan && (n == 0 || n < options->processes); n++) {
		struct registry *more = NULL;
		struct err err = {""};
		int rc = ask(options, path, until, &more, &is_orphan, &err);

		if (rc == 0)
			r = join(r, more);
		else if (rc != -E_NOT_FOUND && n == 0)
			log_line(LOG_LEVEL_WARN, "the instances of a predecessor are unknown: %s",
				 err_message(&err, rc));
		if (rc != 0)
			break;
	}
	return r;
}

static struct registry *ask_all(const struct registry_take_options *options)
{
	double until = reactor_now() + PATIENCE;
	struct registry *r = NULL;

	for (size_t i = 0; i < options->count; i++)
		r = ask_at(options, options->paths[i], until, r);
	return r;
}

static int make(const struct registry_take_options *options, struct registry **ret, struct err *err)
{
	int fd = -1;
	int rc = registry_file_create(options->generation, &fd, err);

	if (rc != 0)
		return rc;
	rc = registry_open(fd, &options->registry, ret, err);
	close(fd);
	return rc;
}

int registry_take(const struct registry_take_options *options, struct registry **ret_registry,
		  struct err *err)
{
	struct registry *r = ask_all(options);

	if (r == NULL)
		return make(options, ret_registry, err);
	log_line(LOG_LEVEL_NOTICE, "%zu instances are taken over from the server of %s",
		 registry_file_count(registry_fd(r)), options->paths[0]);
	*ret_registry = r;
	return 0;
}

void registry_offer_by(struct registry_offers *offers, const struct handover_options *options)
{
	struct handover **more =
		reallocarray(offers->offers, offers->count + 1, sizeof(struct handover *));
	struct err err = {""};
	int rc = -E_NOMEM;

	if (more != NULL) {
		offers->offers = more;
		rc = handover_offer(options, &more[offers->count], &err);
	} else if (options->listening_fd >= 0) {
		close(options->listening_fd);
	}
	if (rc == 0)
		offers->count++;
	else
		log_line(LOG_LEVEL_WARN, "%s", err_message(&err, rc));
}

void registry_offer(struct registry_offers *offers, struct reactor *reactor, int fd,
		    const struct registry_take_options *options)
{
	for (size_t i = 0; i < options->count; i++) {
		const struct handover_options offer = {
			.reactor = reactor,
			.path = options->paths[i],
			.fd = fd,
			.shared_fd = options->shared_fd,
			.listening_fd = -1,
			.on_successor = options->on_successor,
			.user = options->user,
		};

		registry_offer_by(offers, &offer);
	}
}

bool registry_offers_check(struct registry_offers *offers)
{
	bool is_new = false;

	for (size_t i = 0; i < offers->count; i++)
		is_new = handover_check(offers->offers[i]) || is_new;
	return is_new;
}

void registry_offers_fini(struct registry_offers *offers)
{
	for (size_t i = 0; i < offers->count; i++)
		handover_destroy(offers->offers[i]);
	free(offers->offers);
	*offers = (struct registry_offers){0};
}
