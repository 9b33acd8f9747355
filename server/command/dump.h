/* dump.h - what the gateway's query_cmd answers: plugins as JSON. */
#ifndef SERVER_COMMAND_DUMP_H
#define SERVER_COMMAND_DUMP_H
#include <stddef.h>

struct config;
struct err;
struct plugin;

/* What is dumped; borrowed. At least one plugin. */
struct dump {
	const struct config *config;
	const struct plugin *const *plugins;
	size_t count;
};

/* {"Protocol":"MsgPack:1","Plugins":[...]}, one line, the same bytes for the same plugins; owned, in
 * *ret_text. -E_CONF when the plugins are to speak different protocols, -E_IO, -E_NOMEM. */
int dump_text(const struct dump *dump, char **ret_text, struct err *err);
/* Writes the dump of one plugin as DIR/NAME.json, whole or not at all. -E_IO with what to do. */
int dump_write_file(const struct config *config, const struct plugin *plugin, const char *dir,
		    struct err *err);
/* The same with a text that was made before, by dump_text. */
int dump_write_text(const char *dir, const char *name, const char *text, struct err *err);

#endif
