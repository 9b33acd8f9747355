/* phase.c - names of phases. */
#include "pdk-bridge/phase.h"
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	size_t len; /* of the name */
	bool external;
} phases[PHASE_COUNT] = {
#define PHASE(name, text, external) {text, sizeof(text) - 1, external},
#include "pdk-bridge/phases.def"
#undef PHASE
};

const char *phase_name(enum phase phase)
{
	return (unsigned)phase < PHASE_COUNT ? phases[phase].name : "unknown";
}

int phase_find(const char *name, size_t n)
{
	int i;

	for (i = 0; i < PHASE_COUNT; i++)
		if (phases[i].len == n && memcmp(phases[i].name, name, n) == 0)
			return i;
	return -1;
}

bool phase_is_external(enum phase phase)
{
	return (unsigned)phase < PHASE_COUNT && phases[phase].external;
}

/* The gateway lists phases by its own numbers (kong/pdk/private/phases.lua). */
static const struct {
	phase_set bit;
	const char *name;
} gateway_order[] = {
	{PHASE_BIT(PHASE_INIT_WORKER), "init_worker"},
	{PHASE_BIT(PHASE_CERTIFICATE), "certificate"},
	{PHASE_BIT_CLIENT_HELLO, "client_hello"},
	{PHASE_BIT(PHASE_REWRITE), "rewrite"},
	{PHASE_BIT(PHASE_ACCESS), "access"},
	{PHASE_BIT(PHASE_BALANCER), "balancer"},
	{PHASE_BIT(PHASE_RESPONSE), "response"},
	{PHASE_BIT_CLUSTER_LISTENER, "cluster_listener"},
	{PHASE_BIT(PHASE_HEADER_FILTER), "header_filter"},
	{PHASE_BIT(PHASE_BODY_FILTER), "body_filter"},
	{PHASE_BIT(PHASE_LOG), "log"},
	{PHASE_BIT(PHASE_PREREAD), "preread"},
	{PHASE_BIT_ERROR, "error"},
	{PHASE_BIT_ADMIN_API, "admin_api"},
};

void phase_set_names(phase_set set, char *buf, size_t size)
{
	size_t i, used = 0;
	int n;

	buf[0] = '\0';
	for (i = 0; i < sizeof(gateway_order) / sizeof(gateway_order[0]); i++) {
		if (!(set & gateway_order[i].bit) || used >= size)
			continue;
		n = snprintf(buf + used, size - used, "%s%s", used ? ", " : "",
			     gateway_order[i].name);
		used += n > 0 ? (size_t)n : 0;
	}
}
