/* phase.h - the phases of the gateway, and sets of them. */
#ifndef PDK_BRIDGE_PHASE_H
#define PDK_BRIDGE_PHASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum phase {
#define PHASE(name, text, external) PHASE_##name,
#include "pdk-bridge/phases.def"
#undef PHASE
	PHASE_COUNT
};

/* A set of phases: bit (1 << PHASE_x). */
typedef uint32_t phase_set;

#define PHASE_BIT(phase) ((phase_set)1 << (phase))
#define PHASES_EXTERNAL                                                                      \
	(PHASE_BIT(PHASE_CERTIFICATE) | PHASE_BIT(PHASE_REWRITE) | PHASE_BIT(PHASE_ACCESS) | \
	 PHASE_BIT(PHASE_PREREAD) | PHASE_BIT(PHASE_RESPONSE) | PHASE_BIT(PHASE_LOG))

/* Phases of the gateway in which no plugin handler runs; they only occur in sets. */
#define PHASE_BIT_CLIENT_HELLO ((phase_set)1 << 24)
#define PHASE_BIT_ERROR ((phase_set)1 << 25)
#define PHASE_BIT_ADMIN_API ((phase_set)1 << 26)
#define PHASE_BIT_CLUSTER_LISTENER ((phase_set)1 << 27)

#define PHASES_NOT_INIT_WORKER (((phase_set)1 << 28) - 1 - PHASE_BIT(PHASE_INIT_WORKER))

/* "access" and so on. Never NULL. */
const char *phase_name(enum phase phase);
/* The phase of that name (n bytes), or -1. */
int phase_find(const char *name, size_t n);
/* Whether the gateway calls an external plugin in that phase. */
bool phase_is_external(enum phase phase);
/* "rewrite, access": the names of a set as the gateway lists them in its errors. Always ends with NUL. */
void phase_set_names(phase_set set, char *buf, size_t size);

#endif
