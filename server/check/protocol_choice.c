#include "server/check/protocol_choice.h"
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_pb.h"
#include "plugins/plugin.h"
#include "plugins/runtime.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "server/check/lua_mentions.h"
#include "server/check/object_mentions.h"
#include "server/config/config.h"
#include "server/config/settings.h"

/* The first version that fails closed on an error of ProtoBuf:1. */
#define VERSION_MIN 308

static int set(struct protocol_choice *choice, const struct codec *codec, const char *why)
{
	choice->codec = codec;
	snprintf(choice->why, sizeof(choice->why), "%s", why);
	return 0;
}

static int find_in_folder(const char *file, bool found[PDK_ID_COUNT], struct err *err)
{
	char *path = strdup(file);
	int rc = path != NULL ? lua_mentions_find(dirname(path), found, err) : -E_NOMEM;

	free(path);
	return rc;
}

/* What the plugin would lose; nothing where it has no files. */
static int find_losses(const struct plugin *plugin, bool lost[PDK_ID_COUNT], struct err *err)
{
	const char *where = plugin->info.where;
	int rc = 0;

	if (where != NULL && plugin->runtime == &runtime_native)
		rc = object_mentions_find(where, lost, err);
	else if (where != NULL && plugin->runtime != &runtime_remote)
		rc = find_in_folder(where, lost, err);
	for (int i = 0; i < PDK_ID_COUNT; i++)
		lost[i] = lost[i] && pdk_pb_loss(&pdk_table[i]) != NULL;
	return rc;
}

static const struct pdk_fn *first_of(const bool lost[PDK_ID_COUNT])
{
	for (int i = 0; i < PDK_ID_COUNT; i++)
		if (lost[i])
			return &pdk_table[i];
	return NULL;
}

static int choose_auto(const struct config *config, const struct plugin *plugin,
		       struct protocol_choice *ret)
{
	const struct pdk_fn *fn = first_of(ret->lost);

	if (settings_find(config->settings, "kong_version") == NULL)
		return set(ret, &codec_msgpack, "kong_version is not set");
	if (config->kong_version < VERSION_MIN)
		return set(ret, &codec_msgpack,
			   "before 3.8 the gateway fails open over ProtoBuf:1");
	if (plugin->runtime == &runtime_remote)
		return set(ret, &codec_msgpack, "what its program calls is not known");
	if (fn == NULL)
		return set(ret, &codec_protobuf,
			   "it is faster, and carries all that the plugin's files mention");
	ret->codec = &codec_msgpack;
	snprintf(ret->why, sizeof(ret->why), "its files mention %s; over ProtoBuf:1 %s", fn->name,
		 pdk_pb_loss(fn));
	return 0;
}

int protocol_choose(const struct config *config, const struct plugin *plugin,
		    struct protocol_choice *ret, struct err *err)
{
	const struct plugin_settings *settings = plugin->settings;
	const char *name = settings != NULL ? settings->protocol : NULL;
	int rc;

	*ret = (struct protocol_choice){0};
	if (name == NULL)
		name = config->protocol;
	if (name != NULL && strcmp(name, "msgpack") == 0)
		return set(ret, &codec_msgpack, "it is set so");
	rc = find_losses(plugin, ret->lost, err);
	if (rc != 0)
		return rc;
	if (name != NULL && strcmp(name, "protobuf") == 0)
		return set(ret, &codec_protobuf, "it is set so");
	return choose_auto(config, plugin, ret);
}
