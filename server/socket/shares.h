/* shares.h - how much of something each process at the other end has, so that one alone can't take all.
 *
 * Processes are those of peer.h. One that can't be seen, such as in another container, may be any number of
 * them: what it has is counted, and not bounded. */
#ifndef SERVER_SOCKET_SHARES_H
#define SERVER_SOCKET_SHARES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct share;

/* Zeroed = nobody has anything. */
struct shares {
	struct share *by_peer;
	struct share *last; /* that something was added to; NULL = none, or it is gone */
};

void shares_fini(struct shares *s);
/* What `peer` has. */
size_t shares_of(const struct shares *s, uint64_t peer);
/* Whether it may have one more where there are `max` on the whole: three quarters, or all of a small number. */
bool shares_allow(const struct shares *s, uint64_t peer, size_t max);
/* 0 or -E_NOMEM. */
int shares_add(struct shares *s, uint64_t peer, size_t amount);
/* What was added before. */
void shares_remove(struct shares *s, uint64_t peer, size_t amount);

#endif
