/* remote_load.c - the first words: what the program says of its plugin, and what it is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pdk-bridge/pdk_describe.h"
#include "plugins/lua/lua_conf.h"
#include "plugins/remote/remote_impl.h"
#include "protocol/err.h"
#include "protocol/value.h"

int remote_find(const struct plugin_spec *spec, struct err *err)
{
	(void)err;
	return spec->program != NULL;
}

/* ---- what it says ---- */

static const struct value *find_announced(const struct value *plugins, const char *name)
{
	for (uint32_t i = 0; i < plugins->len; i++) {
		const struct value *own = value_map_get(&plugins->items[i], "name");

		if (own != NULL && value_text_is(own, name))
			return &plugins->items[i];
	}
	return NULL;
}

static json_t *to_json_text(const struct value *v)
{
	return v != NULL && value_is_text(v) ? json_stringn(v->s, v->len) : NULL;
}

static json_t *to_json_phases(const struct value *v)
{
	json_t *list = v != NULL && v->type == VALUE_ARRAY ? json_array() : NULL;

	for (uint32_t i = 0; list != NULL && i < v->len; i++)
		json_array_append_new(list, to_json_text(&v->items[i]));
	if (list == NULL || json_array_size(list) == v->len)
		return list;
	json_decref(list);
	return NULL;
}

/* The schema has the plugin's own name, which the served one may differ from. */
static json_t *to_json_schema(const struct value *v, struct err *err)
{
	json_error_t error = {.text = "it is no text"};
	json_t *schema = NULL;

	if (v != NULL && value_is_text(v))
		schema = json_loadb(v->s, v->len, 0, &error);
	if (schema == NULL)
		err_set(err, E_PLUGIN, "its schema is no JSON: %s", error.text);
	return schema;
}

/* As lua_schema_open wants it. Owned. */
static json_t *describe(const struct remote_plugin *p, const struct value *plugin, struct err *err)
{
	const struct value *priority = value_map_get(plugin, "priority");
	json_t *phases = to_json_phases(value_map_get(plugin, "phases"));
	json_t *version = to_json_text(value_map_get(plugin, "version"));
	json_t *schema = to_json_schema(value_map_get(plugin, "schema"), err);
	json_t *described = NULL;

	if (schema != NULL &&
	    (phases == NULL || version == NULL || priority == NULL || priority->type != VALUE_INT))
		err_set(err, E_PLUGIN,
			"its program must say version (a text), priority (an integer) and phases "
			"(texts)");
	else if (schema != NULL)
		described = json_pack("{s:O, s:I, s:O, s:O, s:b}", "version", version, "priority",
				      (json_int_t)priority->i, "phases", phases, "schema", schema,
				      "split", p->is_split);
	json_decref(phases);
	json_decref(version);
	json_decref(schema);
	return described;
}

/* An item that need not be there. */
static bool takes_several(const struct remote_envelope *hello)
{
	return hello->more > 0 && hello->body[2].type == VALUE_BOOL && hello->body[2].b;
}

static int take_hello(struct remote_plugin *p, const struct remote_message *hello, struct err *err)
{
	const struct value *plugin;
	json_t *described;
	int rc;

	if (hello->envelope.type != REMOTE_HELLO)
		return err_set(err, E_PLUGIN, "its program does not begin with HELLO");
	plugin = find_announced(&hello->envelope.body[1], p->plugin->module);
	if (plugin == NULL)
		return err_set(err, E_NO_PLUGIN,
			       "its program has no plugin '%s': is that the name in it?",
			       p->plugin->module);
	described = describe(p, plugin, err);
	if (described == NULL)
		return -E_PLUGIN;
	rc = lua_schema_open(p->plugin, described, &p->schema, err);
	json_decref(described);
	if (rc == 0 && takes_several(&hello->envelope))
		remote_link_gather(&p->link);
	return rc;
}

/* ---- what it is told ---- */

static int make_welcome(struct arena *arena, const struct remote_plugin *p, struct value *ret)
{
	const struct plugin *plugin = p->plugin;
	int rc = value_new_map(arena, 7, ret);
	struct value_pair *pairs = ret->pairs;

	if (rc != 0)
		return rc;
	pairs[0] = (struct value_pair){value_str("plugin"), value_str(plugin->name)};
	pairs[1] = (struct value_pair){value_str("credit"), value_int(REMOTE_CREDIT)};
	pairs[2] = (struct value_pair){value_str("heartbeat"), value_number(p->heartbeat)};
	pairs[3] = (struct value_pair){value_str("log_level"),
				       value_int((int64_t)plugin->env.log_level)};
	pairs[4] =
		(struct value_pair){value_str("kong_version"), value_int(plugin->env.kong_version)};
	pairs[5] = (struct value_pair){value_str("several"), value_uint(p->link.gather)};
	pairs[6].key = value_str("functions");
	return pdk_describe_value(arena, &pairs[6].value);
}

static int send_welcome(struct remote_plugin *p, struct err *err)
{
	struct arena arena;
	struct value body;
	int rc;

	arena_init(&arena, 0);
	rc = make_welcome(&arena, p, &body);
	if (rc == 0)
		rc = remote_link_send(
			&p->link, &(struct remote_envelope){.type = REMOTE_WELCOME, .body = &body},
			err);
	if (rc == 0)
		rc = remote_link_flush(&p->link, err);
	arena_fini(&arena);
	return rc;
}

/* A guest that went while we read its words is one that has not come. */
static int greet(struct remote_plugin *p, struct err *err)
{
	struct remote_message hello;
	int rc;

	remote_message_init(&hello);
	rc = remote_link_wait(&p->link, &hello, err);
	if (rc == 0)
		rc = take_hello(p, &hello, err);
	if (rc == 0) {
		rc = send_welcome(p, err);
		rc = rc == -E_CLOSED && p->link.pidfd < 0 ? -E_ABSENT : rc;
	}
	remote_message_fini(&hello);
	return rc;
}

static void tell(const struct remote_plugin *p, const char *why)
{
	const struct pdk_port *port = p->plugin->env.port;
	char text[sizeof(((struct err *)NULL)->text) + 64];

	snprintf(text, sizeof(text), "plugin '%.32s': a program was sent away: %s", p->plugin->name,
		 why);
	if (port != NULL && port->log != NULL)
		port->log(NULL, LOG_LEVEL_WARN, text, strlen(text));
}

static bool is_its_fault(int rc)
{
	return rc != 0 && rc != -E_ABSENT && rc != -E_IO;
}

/* Anybody may come who finds the way: a guest that can't serve is sent away, and the right one waited for. It comes again
 * and again, and is told of once. */
static int shake_hands(struct remote_plugin *p, struct err *err)
{
	struct err last = {""};
	int rc;

	while (is_its_fault(rc = greet(p, err)) && remote_link_dismiss(&p->link)) {
		if (strcmp(last.text, err_message(err, rc)) != 0)
			tell(p, err_message(err, rc));
		err_set(&last, E_PLUGIN, "%s", err_message(err, rc));
	}
	if (rc == -E_ABSENT && *last.text != '\0')
		err_set(err, E_ABSENT,
			"none that can serve has come within %.3gs; one was sent away: %s",
			p->link.patience, last.text);
	return rc;
}

int remote_load(struct plugin *plugin, const struct plugin_spec *spec, struct err *err)
{
	struct remote_plugin *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return err_set(err, E_NOMEM, "no memory for a plugin");
	plugin->impl = p;
	p->plugin = plugin;
	p->is_split = spec->is_split;
	p->credit = REMOTE_CREDIT;
	p->heartbeat = spec->program->silence / REMOTE_SILENCE;
	plugin->info.where = strdup(spec->program->command);
	if (plugin->info.where == NULL)
		return err_set(err, E_NOMEM, "no memory for a plugin");
	rc = remote_link_init(&p->link, spec->program, plugin, err);
	if (rc == 0)
		rc = shake_hands(p, err);
	if (rc == 0 || rc == -E_NOMEM)
		return rc;
	return err_prefix(err, rc == -E_ABSENT ? rc : -E_PLUGIN, "%s", spec->program->command);
}
