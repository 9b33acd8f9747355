/* dump.h - what the gateway's query_cmd answers: plugins as JSON. */
#ifndef SERVER_DUMP_H
#define SERVER_DUMP_H
#include <stddef.h>

struct err;
struct plugin;

/* {"Protocol":"MsgPack:1","Plugins":[...]} of n plugins, one line, the same bytes for the same
 * plugins. Returns owned text; NULL without memory. */
char *dump_text(struct plugin *const *plugins, size_t n);
/* Writes the dump of one plugin as DIR/NAME.json, whole or not at all. -E_IO with what to do. */
int dump_write_file(const struct plugin *plugin, const char *dir, struct err *err);

#endif
