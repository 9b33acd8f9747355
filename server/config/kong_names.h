/* kong_names.h - how the gateway treats names, and how text must be written for it. */
#ifndef SERVER_CONFIG_KONG_NAMES_H
#define SERVER_CONFIG_KONG_NAMES_H
#include <stdbool.h>
#include <stddef.h>

/* Where the gateway looks for commands that kong.conf does not name. */
#define KONG_BIN_DIR "/usr/local/bin"

/* Whether the gateway has a plugin of that name itself, so that it never asks a server for it. */
bool kong_is_bundled(const char *plugin);
/* A name for pluginserver_names that the gateway can find settings for: it makes it lower case, and
 * looks up pluginserver_NAME_* with '-' as '_', but would not map a '.'. Owned; NULL without memory. */
char *kong_server_name(const char *plugin);
/* The NAME of pluginserver_NAME_socket for a name of pluginserver_names. Owned; NULL without memory. */
char *kong_directive(const char *server);
/* One word for the shell, quoted where needed. Owned; NULL without memory. */
char *kong_quote_word(const char *word);
/* A value for kong.conf: each # as \#. Owned; NULL without memory. */
char *kong_quote_value(const char *value);

#endif
