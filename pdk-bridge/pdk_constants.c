/* pdk_constants.c - see pdk_constants.h. */
#include "pdk-bridge/pdk_constants.h"
#include <stdlib.h>
#include "protocol/arena.h"

#define PROCESSES_MAX 64 /* nginx workers that are remembered */
#define CONSTANTS_MAX 8  /* rows with PDK_CONSTANT, and some more */

struct process {
	uint64_t gateway; /* 0 = free */
	struct arena arena;
	size_t count;
	struct {
		enum pdk_id id;
		struct value value;
	} kept[CONSTANTS_MAX];
};

struct pdk_constants {
	size_t next; /* the process to be replaced next */
	struct process processes[PROCESSES_MAX];
};

struct pdk_constants *pdk_constants_create(void)
{
	return calloc(1, sizeof(struct pdk_constants));
}

void pdk_constants_destroy(struct pdk_constants *constants)
{
	size_t i;

	if (constants == NULL)
		return;
	for (i = 0; i < PROCESSES_MAX; i++)
		arena_fini(&constants->processes[i].arena);
	free(constants);
}

static struct process *find(struct pdk_constants *constants, uint64_t gateway)
{
	size_t i;

	for (i = 0; constants != NULL && gateway != 0 && i < PROCESSES_MAX; i++)
		if (constants->processes[i].gateway == gateway)
			return &constants->processes[i];
	return NULL;
}

bool pdk_constants_get(struct pdk_constants *constants, uint64_t gateway, enum pdk_id id,
		       struct pdk_ret *ret)
{
	const struct process *p = find(constants, gateway);
	size_t i;

	for (i = 0; p != NULL && i < p->count; i++)
		if (p->kept[i].id == id) {
			ret->n = 1;
			ret->v[0] = p->kept[i].value;
			return true;
		}
	return false;
}

static struct process *take(struct pdk_constants *constants, uint64_t gateway)
{
	struct process *p = &constants->processes[constants->next];

	constants->next = (constants->next + 1) % PROCESSES_MAX;
	arena_fini(&p->arena);
	*p = (struct process){.gateway = gateway};
	return p;
}

void pdk_constants_put(struct pdk_constants *constants, uint64_t gateway, enum pdk_id id,
		       const struct pdk_ret *from)
{
	struct process *p;

	if (constants == NULL || gateway == 0)
		return;
	p = find(constants, gateway);
	if (p == NULL)
		p = take(constants, gateway);
	if (p->count == CONSTANTS_MAX ||
	    value_copy(&p->arena, &from->v[0], &p->kept[p->count].value) != 0)
		return;
	p->kept[p->count++].id = id;
}
