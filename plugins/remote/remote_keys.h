/* remote_keys.h - CURVE keys as ZeroMQ has them. */
#ifndef PLUGINS_REMOTE_REMOTE_KEYS_H
#define PLUGINS_REMOTE_REMOTE_KEYS_H
#include <stdbool.h>
#include "plugins/remote/remote.h"

/* Whether it is a key, of 40 letters. */
bool remote_key_is_one(const char *text);
/* Makes a pair; false where this ZeroMQ has no CURVE. */
bool remote_keys_make(char *ret_public, char *ret_secret);

#endif
