#include "server/check/check_gateway.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/config/config_value.h"
#include "server/config/kong_names.h"
#include "server/file.h"

#define FIRST_PLUGIN_ONLY 309 /* from this version on a server has one plugin */

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.';
}

/* Whether the command speaks of the plugin: NAME, NAME.json, --plugin=NAME. */
static bool mentions(const char *command, const char *plugin)
{
	for (const char *p = strstr(command, plugin); p != NULL; p = strstr(p + 1, plugin)) {
		const char *end = p + strlen(plugin);

		if (strncmp(end, ".json", 5) == 0)
			end += 5;
		if ((p == command || !is_of_name(p[-1])) && !is_of_name(*end))
			return true;
	}
	return false;
}

static size_t plugins_on(const struct config *config, const char *path)
{
	size_t count = 0;

	for (size_t i = 0; i < config->plugin_count; i++) {
		char *socket = config_socket_path(config, &config->plugins[i]);

		if (socket != NULL && strcmp(socket, path) == 0)
			count++;
		free(socket);
	}
	return count;
}

/* What the gateway has on one socket. */
struct on_socket {
	size_t servers;
	size_t started;                   /* of which the gateway starts so many */
	const struct kong_server *chosen; /* the one for the plugin, or NULL */
	const struct kong_server *first;
};

static struct on_socket look_up(const struct gateway_check *check, const char *path,
				const char *plugin)
{
	bool shared = plugins_on(check->config, path) > 1;
	struct on_socket found = {0};

	for (size_t i = 0; i < check->kong->server_count; i++) {
		const struct kong_server *s = &check->kong->servers[i];

		if (strcmp(s->socket, path) != 0)
			continue;
		found.servers++;
		found.started += s->start_cmd != NULL;
		if (found.first == NULL)
			found.first = s;
		if (found.chosen == NULL &&
		    (!shared || check->kong->version < FIRST_PLUGIN_ONLY ||
		     (s->query_cmd != NULL && mentions(s->query_cmd, plugin))))
			found.chosen = s;
	}
	return found;
}

static void refuse_unserved(const struct gateway_check *check, const char *plugin, const char *path)
{
	char *name = kong_server_name(plugin);

	for (size_t i = 0; name != NULL && i < check->kong->server_count; i++) {
		const struct kong_server *s = &check->kong->servers[i];

		if (strcmp(s->name, name) != 0)
			continue;
		report_add(check->report, FINDING_ERROR, plugin,
			   "the gateway looks for it on %s, but it is served on %s; write "
			   "pluginserver_%s_socket = %s",
			   s->socket, path, s->directive, path);
		free(name);
		return;
	}
	free(name);
	report_add(check->report, FINDING_ERROR, plugin,
		   "no name of pluginserver_names has its socket %s; add the lines of `outrigger "
		   "kong-conf`",
		   path);
}

/* "off" as the first word leaves no plugin, whatever follows. */
static bool is_off(const char *list)
{
	const char *word;
	size_t n;

	return list != NULL && value_next_item(&list, &word, &n) && n == 3 &&
	       memcmp(word, "off", n) == 0;
}

static void check_listed(const struct gateway_check *check, const char *plugin)
{
	const char *list = kong_conf_get(check->kong, "plugins");

	if (is_off(list))
		list = NULL;
	if (value_list_has(list, plugin))
		return;
	report_add(check->report, FINDING_ERROR, plugin,
		   "it is not among the gateway's plugins; write plugins = %s,%s",
		   list != NULL ? list : "bundled", plugin);
}

/* Whether the command speaks of one plugin or some, but not of this one. */
static bool describes_another(const char *command, const char *plugin)
{
	bool speaks = strstr(command, "--plugin=") != NULL ||
		      strstr(command, "--plugin ") != NULL || strstr(command, ".json") != NULL;

	return speaks && !mentions(command, plugin);
}

static void check_described(const struct gateway_check *check, const char *plugin,
			    const struct kong_server *s)
{
	if (s->query_cmd != NULL && describes_another(s->query_cmd, plugin))
		report_add(
			check->report, FINDING_ERROR, plugin,
			"pluginserver_%s_query_cmd describes another plugin, so the gateway does "
			"not find this one; write it as `outrigger kong-conf` does",
			s->directive);
}

static void check_started(const struct gateway_check *check, const char *plugin, const char *path,
			  const struct on_socket *found)
{
	if (found->started > 1)
		report_add(
			check->report, FINDING_ERROR, plugin,
			"the gateway would start %zu servers for the socket %s, which would take "
			"it from each other; keep one start_cmd",
			found->started, path);
}

/* What holds for all plugins. */
struct surroundings {
	bool started;                    /* the gateway starts us */
	const struct gateway_user *user; /* NULL = not known */
};

static int check_plugin(const struct gateway_check *check, const struct plugin_settings *plugin,
			const struct surroundings *around)
{
	char *path = config_socket_path(check->config, plugin);
	struct on_socket found;

	if (path == NULL)
		return -E_NOMEM;
	found = look_up(check, path, plugin->name);
	check_local(check, plugin->name);
	check_listed(check, plugin->name);
	if (found.servers == 0)
		refuse_unserved(check, plugin->name, path);
	else if (found.chosen == NULL)
		report_add(
			check->report, FINDING_ERROR, plugin->name,
			"from Kong 3.9 on a plugin server has one plugin: give this one a name of "
			"its own in pluginserver_names, with the same socket and a query_cmd that "
			"names it (see `outrigger kong-conf`)");
	else
		check_described(check, plugin->name, found.chosen);
	check_started(check, plugin->name, path, &found);
	check_access(check, around->user,
		     &(struct checked_socket){plugin->name, path, around->started});
	free(path);
	return 0;
}

/* A plain word of a shell command, and where the next one begins. Owned; NULL at the end. */
static char *next_word(const char **command)
{
	const char *p = *command + strspn(*command, " \t");
	char quote = *p == '\'' || *p == '"' ? *p : '\0';
	const char *end;

	if (*p == '\0')
		return NULL;
	if (quote != '\0')
		p++;
	end = quote != '\0' ? strchr(p, quote) : p + strcspn(p, " \t;|&");
	if (end == NULL)
		end = p + strlen(p);
	*command = end + (quote != '\0' && *end == quote);
	return strndup(p, (size_t)(end - p));
}

/* The program of a command: behind `exec` and assignments. Owned; may be NULL. */
static char *program_of(const char **command)
{
	char *word = next_word(command);

	while (word != NULL && (strcmp(word, "exec") == 0 || strchr(word, '=') != NULL)) {
		free(word);
		word = next_word(command);
	}
	return word;
}

static bool is_on_path(const char *program)
{
	const char *path = getenv("PATH");
	bool found = false;

	while (path != NULL && !found && *path != '\0') {
		size_t n = strcspn(path, ":");
		char *file = file_printf("%.*s/%s", (int)n, path, program);

		found = file != NULL && file_is_executable(file);
		free(file);
		path += n + (path[n] == ':');
	}
	return found;
}

static void check_cat(const struct gateway_check *check, const char *subject, const char *command)
{
	char *file = next_word(&command);

	if (file != NULL && !file_exists(file))
		report_add(check->report, FINDING_ERROR, subject,
			   "%s does not exist yet: `outrigger dump --output DIR` writes it, and so "
			   "does serve; the gateway does not start without it",
			   file);
	free(file);
}

static void check_command(const struct gateway_check *check, const struct kong_server *s,
			  const char *what, const char *command)
{
	char *subject = file_printf("pluginserver_%s_%s", s->directive, what);
	char *program = program_of(&command);
	bool found = program != NULL && (strchr(program, '/') != NULL ? file_is_executable(program)
								      : is_on_path(program));

	if (subject != NULL && !found)
		report_add(check->report, FINDING_ERROR, subject,
			   "%s is no program that can be run; write its whole path",
			   program != NULL ? program : "this");
	else if (subject != NULL && strcmp(file_basename(program), "cat") == 0)
		check_cat(check, subject, command);
	free(program);
	free(subject);
}

static void check_query(const struct gateway_check *check, const struct kong_server *s)
{
	if (s->query_cmd != NULL)
		check_command(check, s, "query_cmd", s->query_cmd);
	else
		report_add(
			check->report, FINDING_ERROR, s->name,
			"it has no query_cmd, so the gateway %s; write pluginserver_%s_query_cmd",
			check->kong->version >= FIRST_PLUGIN_ONLY ? "does not start"
								  : "passes over it",
			s->directive);
}

static bool is_ours(const struct gateway_check *check, const struct kong_server *s)
{
	return plugins_on(check->config, s->socket) > 0;
}

static void check_name(const struct gateway_check *check, size_t i)
{
	const struct kong_server *s = &check->kong->servers[i];

	if (strspn(s->directive, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(s->directive))
		report_add(
			check->report, FINDING_ERROR, s->name,
			"the gateway does not find settings of a name with other characters than "
			"letters, digits, '-' and '_'");
	for (size_t j = 0; j < i; j++) {
		if (strcmp(check->kong->servers[j].directive, s->directive) == 0)
			report_add(check->report, FINDING_ERROR, s->name,
				   "it shares its settings pluginserver_%s_* with %s; rename one",
				   s->directive, check->kong->servers[j].name);
	}
}

/* Whether the gateway starts any server of ours; then it is all of ours. */
static bool check_servers(const struct gateway_check *check)
{
	bool started = false, any = false;

	for (size_t i = 0; i < check->kong->server_count; i++) {
		const struct kong_server *s = &check->kong->servers[i];

		if (!is_ours(check, s))
			continue;
		any = true;
		check_name(check, i);
		check_query(check, s);
		if (s->start_cmd != NULL) {
			check_command(check, s, "start_cmd", s->start_cmd);
			started = true;
		}
	}
	if (any && !started)
		report_add(check->report, FINDING_NOTE, "pluginserver_names",
			   "no start_cmd: the gateway starts no server; something else has to");
	return started;
}

int check_gateway(const struct gateway_check *check)
{
	struct surroundings around = {.started = check_servers(check)};
	struct gateway_user user;
	int rc = 0;

	if (check_find_user(check, &user))
		around.user = &user;
	if (around.started) {
		check_readable(check, around.user, "plugins_dir", check->config->plugins_dir);
		check_readable(check, around.user, "--config", check->config->file);
	}
	for (size_t i = 0; rc == 0 && i < check->config->plugin_count; i++)
		rc = check_plugin(check, &check->config->plugins[i], &around);
	return rc;
}
