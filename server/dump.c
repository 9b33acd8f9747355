#include "server/dump.h"
#include <stdlib.h>
#include "plugins/plugin.h"
#include "protocol/err.h"
#include "server/file.h"

#define DUMP_PROTOCOL "MsgPack:1" /* what the gateway is to speak with us */

/* Keys are sorted: Lua hands out a table's in no order. */
static char *encode(json_t *dump)
{
	char *json = json_dumps(dump, JSON_COMPACT | JSON_SORT_KEYS);
	char *line = json != NULL ? file_printf("%s\n", json) : NULL;

	free(json);
	return line;
}

char *dump_text(struct plugin *const *plugins, size_t n)
{
	json_t *list = json_array();
	json_t *dump;
	char *text = NULL;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = json_array_append_new(list, plugin_describe(plugins[i]));
	dump = json_pack("{s:s, s:o}", "Protocol", DUMP_PROTOCOL, "Plugins", list);
	if (rc == 0 && dump != NULL)
		text = encode(dump);
	json_decref(dump);
	return text;
}

int dump_write_file(const struct plugin *plugin, const char *dir, struct err *err)
{
	struct plugin *one[] = {(struct plugin *)plugin};
	char *text = dump_text(one, 1);
	char *name = file_printf("%s.json", plugin->name);
	int rc = -E_NOMEM;

	if (text != NULL && name != NULL)
		rc = file_write_atomic(dir, name, text, err);
	free(name);
	free(text);
	return rc;
}
