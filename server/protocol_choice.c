#include "server/protocol_choice.h"
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_pb.h"
#include "plugins/plugin.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "server/config.h"
#include "server/lua_mentions.h"
#include "server/object_mentions.h"
#include "server/settings.h"

/* The first version that fails closed on an error of ProtoBuf:1. */
#define VERSION_MIN 308

static int set(struct protocol_choice *choice, const struct codec *codec, const char *why)
{
	choice->codec = codec;
	snprintf(choice->why, sizeof(choice->why), "%s", why);
	return 0;
}

static int find_in_folder(const char *file, const struct pdk_fn **ret_fn, struct err *err)
{
	char *path = strdup(file);
	int rc = path != NULL ? lua_mentions_find(dirname(path), ret_fn, err) : -E_NOMEM;

	free(path);
	return rc;
}

/* What the plugin would lose; NULL for nothing, or for a plugin without files. */
static int find_loss(const struct plugin *plugin, const struct pdk_fn **ret_fn, struct err *err)
{
	const char *where = plugin->info.where;

	*ret_fn = NULL;
	if (where == NULL)
		return 0;
	if (plugin->runtime == &runtime_native)
		return object_mentions_find(where, ret_fn, err);
	return find_in_folder(where, ret_fn, err);
}

static int choose_auto(const struct config *config, const struct plugin *plugin,
		       struct protocol_choice *ret, struct err *err)
{
	bool is_set = settings_find(config->settings, "kong_version") != NULL;
	const struct pdk_fn *fn;
	int rc;

	if (!is_set)
		return set(ret, &codec_msgpack, "kong_version is not set");
	if (config->kong_version < VERSION_MIN)
		return set(ret, &codec_msgpack,
			   "before 3.8 the gateway fails open over ProtoBuf:1");
	rc = find_loss(plugin, &fn, err);
	if (rc != 0)
		return rc;
	if (fn == NULL)
		return set(ret, &codec_protobuf,
			   "it is faster, and carries all that the plugin's files mention");
	ret->codec = &codec_msgpack;
	snprintf(ret->why, sizeof(ret->why), "its files mention %s; over ProtoBuf:1 %s", fn->name,
		 pdk_pb_loss(fn));
	return 0;
}

static int choose_protobuf(const struct plugin *plugin, struct protocol_choice *ret,
			   struct err *err)
{
	const struct pdk_fn *fn;
	int rc = find_loss(plugin, &fn, err);

	if (rc != 0)
		return rc;
	set(ret, &codec_protobuf, "it is set so");
	if (fn == NULL)
		return 0;
	ret->lossy = true;
	snprintf(ret->why, sizeof(ret->why),
		 "it is set so, but the plugin's files mention %s, and there %s", fn->name,
		 pdk_pb_loss(fn));
	return 0;
}

int protocol_choose(const struct config *config, const struct plugin *plugin,
		    struct protocol_choice *ret, struct err *err)
{
	const struct plugin_settings *settings = plugin->settings;
	const char *name = settings != NULL ? settings->protocol : NULL;

	*ret = (struct protocol_choice){0};
	if (name == NULL)
		name = config->protocol;
	if (name == NULL || strcmp(name, "auto") == 0)
		return choose_auto(config, plugin, ret, err);
	if (strcmp(name, "protobuf") == 0)
		return choose_protobuf(plugin, ret, err);
	return set(ret, &codec_msgpack, "it is set so");
}
