/* pdk_pb_table.c - pdk_pb.def as a table. */
#include <stddef.h>
#include "pdk-bridge/pdk.h"
#include "pdk-bridge/pdk_pb.h"
#include "pdk-bridge/pdk_rows.h"

struct pb_row {
	pdk_pb_impl impl;
	const char *loss, *note;
};

static const struct pb_row rows[PDK_ID_COUNT] = {
#define NONE NULL
#define PB(id, impl, loss, note) [PDK_ID_##id] = {impl, loss, note},
#include "pdk-bridge/pdk_pb.def"
#undef PB
#undef NONE
};

enum pdk_pb_way pdk_pb_way(const struct pdk_fn *fn)
{
	if (fn->flags & (PDK_LOCAL | PDK_REFUSED))
		return PDK_PB_HERE;
	if (rows[fn->id].impl != NULL)
		return PDK_PB_BY_OTHERS;
	return fn->pb_in != NULL ? PDK_PB_CARRIED : PDK_PB_LACKING;
}

pdk_pb_impl pdk_pb_emulation(const struct pdk_fn *fn)
{
	return rows[fn->id].impl;
}

const char *pdk_pb_loss(const struct pdk_fn *fn)
{
	return pdk_pb_way(fn) == PDK_PB_LACKING ? "it can't be called" : rows[fn->id].loss;
}

const char *pdk_pb_note(const struct pdk_fn *fn)
{
	return rows[fn->id].note;
}
