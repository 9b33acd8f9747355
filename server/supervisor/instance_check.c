#include "server/supervisor/instance_check.h"
#include <stdlib.h>
#include "protocol/err.h"
#include "server/event/start.h"
#include "server/registry/registry.h"
#include "server/worker.h"

struct ids {
	int64_t *ids;
	size_t count, room;
};

/* The registry is locked meanwhile, so they are started later. */
static void note_row(void *user, const struct instance_row *row)
{
	struct ids *ids = user;

	if (row->refs > 0 && ids->count < ids->room)
		ids->ids[ids->count++] = row->id;
}

static int check_one(struct worker *w, int64_t id, struct err *err)
{
	struct instance *instance;
	int rc = start_find_instance(w, id, &instance, err);

	if (rc == 0 || rc == -E_NO_INSTANCE)
		return 0;
	return err_prefix(err, rc,
			  "instance %lld, which the gateway uses, can't be started any more",
			  (long long)id);
}

int instance_check_run(struct worker *w, struct registry *r, struct err *err)
{
	struct ids ids = {.room = registry_count(r)};
	int rc = 0;

	ids.ids = calloc(ids.room + 1, sizeof(*ids.ids));
	if (ids.ids == NULL)
		return err_set(err, E_NOMEM, "no memory to check instances");
	registry_each(r, note_row, &ids);
	for (size_t i = 0; rc == 0 && i < ids.count; i++)
		rc = check_one(w, ids.ids[i], err);
	free(ids.ids);
	return rc;
}
