/* protocol_choice.h - what is to be spoken with the gateway for a plugin, and why. */
#ifndef SERVER_CHECK_PROTOCOL_CHOICE_H
#define SERVER_CHECK_PROTOCOL_CHOICE_H
#include <stdbool.h>
#include "pdk-bridge/pdk.h"

struct codec;
struct config;
struct err;
struct plugin;

struct protocol_choice {
	const struct codec *codec;
	char why[256];
	/* functions that its files mention and that lose something over ProtoBuf:1 */
	bool lost[PDK_ID_COUNT];
};

/* By plugin_NAME_protocol, else by `protocol`; auto is ProtoBuf:1 where kong_version is set to 3.8 or later
 * and the plugin's files mention no PDK function that loses something over it, else MsgPack:1.
 * 0, -E_IO when its files can't be read, -E_NOMEM. */
int protocol_choose(const struct config *config, const struct plugin *plugin,
		    struct protocol_choice *ret, struct err *err);

#endif
