#include "server/command/dump.h"
#include <stdlib.h>
#include "plugins/plugin.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "server/check/protocol_choice.h"
#include "server/file.h"

/* Keys are sorted: Lua hands out a table's in no order. */
static char *encode(json_t *dump)
{
	char *json = json_dumps(dump, JSON_COMPACT | JSON_SORT_KEYS);
	char *line = json != NULL ? file_printf("%s\n", json) : NULL;

	free(json);
	return line;
}

/* The protocol of all of them: a dump names one only. */
static int find_protocol(const struct dump *dump, const char **ret_name, struct err *err)
{
	struct protocol_choice first, other;
	int rc = protocol_choose(dump->config, dump->plugins[0], &first, err);

	for (size_t i = 1; rc == 0 && i < dump->count; i++) {
		rc = protocol_choose(dump->config, dump->plugins[i], &other, err);
		if (rc == 0 && other.codec != first.codec)
			rc = err_set(err, E_CONF,
				     "%s is to speak %s (%s), but %s %s (%s), and a dump names one "
				     "protocol: dump each by --plugin, or set protocol",
				     dump->plugins[0]->name, first.codec->name, first.why,
				     dump->plugins[i]->name, other.codec->name, other.why);
	}
	if (rc == 0)
		*ret_name = first.codec->name;
	return rc;
}

int dump_text(const struct dump *dump, char **ret_text, struct err *err)
{
	json_t *list, *all;
	const char *protocol;
	int rc = find_protocol(dump, &protocol, err);

	if (rc != 0)
		return rc;
	list = json_array();
	for (size_t i = 0; rc == 0 && i < dump->count; i++)
		rc = json_array_append_new(list, plugin_describe(dump->plugins[i]));
	all = json_pack("{s:s, s:o}", "Protocol", protocol, "Plugins", list);
	*ret_text = rc == 0 && all != NULL ? encode(all) : NULL;
	json_decref(all);
	return *ret_text != NULL ? 0 : -E_NOMEM;
}

int dump_write_text(const char *dir, const char *name, const char *text, struct err *err)
{
	char *file = file_printf("%s.json", name);
	int rc = file != NULL ? file_write_atomic(dir, file, text, err) : -E_NOMEM;

	free(file);
	return rc;
}

int dump_write_file(const struct config *config, const struct plugin *plugin, const char *dir,
		    struct err *err)
{
	const struct dump one = {config, &plugin, 1};
	char *text = NULL;
	int rc = dump_text(&one, &text, err);

	if (rc == 0)
		rc = dump_write_text(dir, plugin->name, text, err);
	free(text);
	return rc;
}
