#include "server/supervisor/slots.h"
#include <stdlib.h>
#include "protocol/err.h"
#include "server/custody/custody_file.h"
#include "server/reactor.h"

#define COOLING 1.0 /* seconds */
#define AT_ONCE 64  /* slots: connections are not to wait for long */
#define PAUSE 0.01  /* seconds until the next ones */

static void cool_in(struct slots *s, double seconds)
{
	s->cools = true;
	reactor_timer_start(s->cooling, seconds, 0);
}

static void on_cool(void *user)
{
	struct slots *s = user;
	unsigned done = 0;

	s->cools = false;
	for (size_t i = 0; i < s->free_count && done < AT_ONCE; i++) {
		uint32_t slot = s->free[i];

		if (!s->warm[slot])
			continue;
		(void)custody_file_clear(s->fd, s->layout, slot);
		s->warm[slot] = false;
		done++;
	}
	if (done == AT_ONCE)
		cool_in(s, PAUSE);
}

int slots_init(struct slots *s, struct reactor *reactor, const struct custody_layout *layout)
{
	uint32_t n = layout->slots;

	*s = (struct slots){.layout = layout, .fd = -1};
	s->free = calloc(n, sizeof(*s->free));
	s->warm = calloc(n, sizeof(*s->warm));
	s->cooling = reactor_timer_create(reactor, on_cool, s);
	if (s->free == NULL || s->warm == NULL || s->cooling == NULL)
		return -E_NOMEM;
	while (n > 0)
		s->free[s->free_count++] = --n;
	return 0;
}

void slots_fini(struct slots *s)
{
	reactor_timer_destroy(s->cooling);
	free(s->free);
	free(s->warm);
	*s = (struct slots){.fd = -1};
}

bool slots_next(const struct slots *s, uint32_t *ret_slot)
{
	if (s->free_count == 0)
		return false;
	*ret_slot = s->free[s->free_count - 1];
	return true;
}

void slots_take(struct slots *s)
{
	s->warm[s->free[--s->free_count]] = false;
}

static void keep_warm(struct slots *s, uint32_t slot)
{
	s->warm[slot] = true;
	if (!s->cools)
		cool_in(s, COOLING);
}

void slots_free(struct slots *s, uint32_t slot, bool warm)
{
	s->free[s->free_count++] = slot;
	if (warm && custody_file_blank(s->fd, s->layout, slot) == 0)
		keep_warm(s, slot);
	else
		(void)custody_file_clear(s->fd, s->layout, slot);
}
