/* cmd_check.c - `outrigger check`: what is wrong with the plugins, and with the gateway's settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pdk-bridge/pdk_pb.h"
#include "plugins/runtime.h"
#include "protocol/buf.h"
#include "protocol/codec.h"
#include "protocol/err.h"
#include "server/check/check_conf.h"
#include "server/check/check_gateway.h"
#include "server/check/check_objects.h"
#include "server/check/protocol_choice.h"
#include "server/command/cli.h"
#include "server/command/cmd.h"
#include "server/command/loader.h"
#include "server/command/stdout_guard.h"
#include "server/config/config_sockets.h"
#include "server/config/kong_names.h"
#include "server/config/options.h"
#include "server/config/settings.h"

/* The gateway's own authentication plugins have more than this. */
#define AUTH_PRIORITY 1000

enum {
	OPTION_KONG_CONF,
	OPTION_BIN_DIR
};

static const struct cli_command command = {
	.name = "check",
	.bit = COMMAND_CHECK,
	.positional = "[NAME]",
	.takes_plugin = true,
	.takes_conf = true,
	.doc = "Loads every plugin and prints a line for each thing it finds: errors, and notes of\n"
	       "what can't cross to the gateway, such as functions in a schema. With --kong-conf\n"
	       "also whether the gateway's settings fit: names, sockets, permissions, commands, and\n"
	       "plugins that the gateway would run in its own process. With NAME and a file of JSON\n"
	       "whether that is a conf of the plugin NAME, by its whole schema. Exit code 1 on errors.",
	.options =
		{[OPTION_KONG_CONF] = {"kong-conf", "FILE",
				       "The gateway's kong.conf; KONG_* of the environment wins "
				       "over it, as for the gateway. /dev/null where there is only "
				       "the environment."},
		 [OPTION_BIN_DIR] = {"bin-dir", "DIR",
				     "Where the gateway looks for commands that are not set. "
				     "Default: " KONG_BIN_DIR "."}},
};

static void describe(struct report *report, const struct plugin *plugin)
{
	struct buf phases = {0};

	for (int i = 0; i < PHASE_COUNT; i++) {
		if (plugin->info.phases & PHASE_BIT(i))
			buf_printf(&phases, "%s%s", buf_len(&phases) > 0 ? ", " : "",
				   phase_name((enum phase)i));
	}
	report_add(report, FINDING_OK, plugin->name, "priority %ld, version %s, phases %.*s; %s",
		   plugin->info.priority, plugin->info.version, (int)buf_len(&phases),
		   (const char *)buf_head(&phases),
		   plugin->info.where != NULL ? plugin->info.where : plugin->runtime->name);
	buf_fini(&phases);
}

/* What is spoken with the gateway. Over MsgPack:1 it lets a request through where it can't reach us. */
static void report_protocol(const struct config *config, struct report *report,
			    const struct plugin *plugin)
{
	struct protocol_choice choice;
	struct err err = {0};
	int rc = protocol_choose(config, plugin, &choice, &err);

	if (rc != 0) {
		report_add(report, FINDING_ERROR, plugin->name, "%s", err_message(&err, rc));
		return;
	}
	report_add(report, FINDING_OK, plugin->name, "speaks %s: %s", choice.codec->name,
		   choice.why);
	for (int i = 0; i < PDK_ID_COUNT && codec_is_bound(choice.codec); i++)
		if (choice.lost[i])
			report_add(report, FINDING_NOTE, plugin->name,
				   "its files mention %s; over ProtoBuf:1 %s", pdk_table[i].name,
				   pdk_pb_loss(&pdk_table[i]));
	if (!codec_is_bound(choice.codec) && (plugin->info.phases & PHASE_BIT(PHASE_ACCESS)) &&
	    plugin->info.priority >= AUTH_PRIORITY)
		report_add(report, FINDING_NOTE, plugin->name,
			   "its priority is that of a plugin that refuses requests, but over "
			   "MsgPack:1 the gateway lets them pass where it can't reach Outrigger");
}

static void report_notes(struct report *report, const struct plugin *plugin, const json_t *notes)
{
	const json_t *note;
	size_t i;

	json_array_foreach(notes, i, note)
		report_add(report, FINDING_NOTE, plugin->name, "%s", json_string_value(note));
}

/* What the plugin's files use that won't work. */
static void report_uses(struct report *report, struct plugin *plugin)
{
	json_t *notes = json_array();
	struct err err = {""};
	int rc = 0;

	if (plugin->runtime->examine != NULL)
		rc = plugin->runtime->examine(plugin, notes, &err);
	report_notes(report, plugin, notes);
	if (rc != 0)
		report_add(report, FINDING_ERROR, plugin->name, "%s", err_message(&err, rc));
	json_decref(notes);
}

static void report_plugin(const struct config *config, struct report *report,
			  const struct loaded_plugin *loaded)
{
	if (loaded->rc != 0) {
		report_add(report, FINDING_ERROR, loaded->settings->name, "%s",
			   err_message(&loaded->err, loaded->rc));
		return;
	}
	if (loaded->plugin->info.phases == 0)
		report_add(report, FINDING_ERROR, loaded->plugin->name,
			   "its handler has no phase that the gateway calls");
	else
		describe(report, loaded->plugin);
	report_protocol(config, report, loaded->plugin);
	report_notes(report, loaded->plugin, loaded->plugin->info.notes);
	report_uses(report, loaded->plugin);
}

/* Plugins run, and may print, while they are loaded and while they are let go. */
static int check_plugins(const struct cli *cli, const json_t *conf, struct report *report,
			 struct err *err)
{
	const struct config *config = &cli->config;
	struct loaded_plugin *loaded;
	struct stdout_guard guard;
	int rc = stdout_guard_begin(&guard, err), conf_rc = 0;

	if (rc != 0)
		return rc;
	loaded = loader_load(config, NULL);
	stdout_guard_end(&guard);
	if (loaded == NULL)
		return -E_NOMEM;
	for (size_t i = 0; i < config->plugin_count; i++) {
		report_plugin(config, report, &loaded[i]);
		if (conf_rc == 0 && loaded[i].rc == 0 && conf != NULL &&
		    strcmp(config->plugins[i].name, cli->positional) == 0)
			conf_rc = check_conf(report, loaded[i].plugin, cli->conf, conf, err);
	}
	if (conf_rc == 0)
		conf_rc = check_objects(config, report, loaded, err);
	rc = stdout_guard_begin(&guard, conf_rc == 0 ? err : NULL);
	loader_free(loaded, config);
	if (rc == 0)
		stdout_guard_end(&guard);
	return conf_rc != 0 ? conf_rc : rc;
}

/* A server that the gateway starts has the gateway's prefix unless it is told another one. */
static int take_prefix(struct config *config, const struct kong_conf *kong)
{
	char *prefix;
	bool starts_any = false;

	for (size_t i = 0; i < kong->server_count; i++)
		starts_any |= kong->servers[i].start_cmd != NULL;
	if (!starts_any || settings_find(config->settings, "prefix") != NULL)
		return 0;
	prefix = strdup(kong->prefix);
	if (prefix == NULL)
		return -E_NOMEM;
	free(config->prefix);
	config->prefix = prefix;
	return 0;
}

static int check_kong(struct cli *cli, struct report *report, struct err *err)
{
	const char *bin_dir = cli->own[OPTION_BIN_DIR];
	const struct kong_conf_source source = {
		.path = cli->own[OPTION_KONG_CONF],
		.environment = environ,
		.bin_dir = bin_dir != NULL ? bin_dir : KONG_BIN_DIR,
		.version = cli->config.kong_version,
	};
	struct kong_conf kong;
	int rc = kong_conf_init(&kong, &source, err);

	if (rc != 0)
		return rc;
	rc = take_prefix(&cli->config, &kong);
	if (rc == 0)
		rc = check_gateway(&(struct gateway_check){report, &cli->config, &kong});
	kong_conf_fini(&kong);
	return rc;
}

int cmd_check(int argc, char **argv)
{
	struct report report = {0};
	struct err err = {0};
	struct cli cli;
	json_t *conf = NULL;
	int rc, code = cli_init(&cli, &command, argc, argv);

	if (code != CLI_GO_ON)
		return code;
	rc = config_need_plugins(&cli.config, &err);
	if (rc == 0)
		rc = config_sockets_need_trust(&cli.config, &err);
	/* Before plugins are loaded, when the process may still read what is the gateway's. */
	if (rc == 0 && cli.own[OPTION_KONG_CONF] != NULL)
		rc = check_kong(&cli, &report, &err);
	if (rc == 0 && cli.conf != NULL)
		rc = check_conf_read(cli.conf, &conf, &err);
	if (rc == 0)
		rc = check_plugins(&cli, conf, &report, &err);
	json_decref(conf);
	if (rc != 0)
		code = cli_fail(command.name, &err, rc);
	else
		code = report.errors > 0 ? EXIT_FAILED : EXIT_DONE;
	cli_fini(&cli);
	return code;
}
