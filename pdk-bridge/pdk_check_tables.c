/* pdk_check_tables.c - headers, queries, bodies and secrets: tables that the gateway walks through. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

#define QUOTED_SIZE 160

/* As string.format("%q", v) shows it. */
static const char *quote(const struct value *v, char buf[QUOTED_SIZE])
{
	char text[QUOTED_SIZE / 2 - 2];
	size_t i, n = 0;

	pdk_to_text(v, text, sizeof(text));
	buf[n++] = '"';
	for (i = 0; text[i] != '\0'; i++) {
		if (text[i] == '"' || text[i] == '\\' || text[i] == '\n')
			buf[n++] = '\\';
		buf[n++] = text[i];
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return buf;
}

/* ---- headers (kong/pdk/private/checks.lua) ---- */

static int check_name(const struct value *name, struct err *err)
{
	char buf[QUOTED_SIZE];

	if (value_is_text(name))
		return 0;
	return err_set(err, E_ARGUMENT, "invalid header name %s: got %s, expected string",
		       quote(name, buf), pdk_type_name(name));
}

static int check_list(const struct value *name, const struct value *list, struct err *err)
{
	const struct value *item;
	char buf[QUOTED_SIZE];
	size_t i;

	for (i = 1; (item = pdk_list_item(list, i)) != NULL; i++)
		if (!value_is_text(item))
			return err_set(err, E_ARGUMENT,
				       "invalid header value in array %s: got %s, expected string",
				       quote(name, buf), pdk_type_name(item));
	return 0;
}

static bool is_scalar(const struct value *v)
{
	return value_is_text(v) || value_is_number(v) || v->type == VALUE_BOOL;
}

/* The gateway hands these to a function that takes texts only (set_authority). */
static int check_authority(const struct value *name, const struct value *v, struct err *err)
{
	if (!pdk_text_is_nocase(name, ":authority") || value_is_text(v))
		return 0;
	return err_set(err, E_ARGUMENT, "value of :authority must be a string");
}

int check_header(const struct pdk_call *c, struct err *err)
{
	const struct value *name = &c->argv[0], *v = &c->argv[1];
	char buf[QUOTED_SIZE];
	int rc = check_name(name, err);

	if (rc != 0)
		return rc;
	if (value_is_table(v))
		rc = check_list(name, v, err);
	else if (!is_scalar(v))
		rc = err_set(err, E_ARGUMENT,
			     "invalid header value for %s: got %s, expected array of string, "
			     "string, number or boolean",
			     quote(name, buf), pdk_type_name(v));
	return rc != 0 ? rc : check_authority(name, v, err);
}

static int check_pair(const struct value_pair *pair, struct err *err)
{
	char buf[QUOTED_SIZE];
	int rc = check_name(&pair->key, err);

	if (rc != 0 || is_scalar(&pair->value) || pair->value.type == VALUE_NIL)
		return rc;
	if (value_is_table(&pair->value))
		return check_list(&pair->key, &pair->value, err);
	return err_set(err, E_ARGUMENT,
		       "invalid header value for %s: got %s, expected string, number, boolean or "
		       "array of strings",
		       quote(&pair->key, buf), pdk_type_name(&pair->value));
}

int check_headers(const struct pdk_call *c, struct err *err)
{
	const struct value *headers = &c->argv[0], first = value_int(1);
	size_t i;
	int rc = 0;

	if (!value_is_table(headers))
		return err_set(err, E_ARGUMENT, "headers must be a table");
	if (headers->type == VALUE_ARRAY)
		return headers->len > 0 ? check_name(&first, err) : 0;
	for (i = 0; rc == 0 && i < headers->len; i++)
		rc = check_pair(&headers->pairs[i], err);
	return rc;
}

/* ---- queries (kong/pdk/service/request.lua, make_ordered_args; ngx.encode_args) ---- */

static int check_arg_value(const struct value *v, struct err *err)
{
	const struct value *item;
	size_t i;

	if (!value_is_table(v))
		return 0;
	for (i = 1; (item = pdk_list_item(v, i)) != NULL; i++)
		if (value_is_table(item))
			return err_set(err, E_ARGUMENT, "attempt to use table as query arg value");
	return 0;
}

static int check_args(const struct value *args, struct err *err)
{
	size_t i;
	int rc = 0;

	if (!value_is_table(args))
		return err_set(err, E_ARGUMENT, "args must be a table");
	if (args->type == VALUE_ARRAY)
		return args->len == 0 ? 0 : err_set(err, E_ARGUMENT, "arg keys must be strings");
	for (i = 0; rc == 0 && i < args->len; i++) {
		if (!value_is_text(&args->pairs[i].key))
			return err_set(err, E_ARGUMENT, "arg keys must be strings");
		rc = check_arg_value(&args->pairs[i].value, err);
	}
	return rc;
}

int check_query(const struct pdk_call *c, struct err *err)
{
	return check_args(&c->argv[0], err);
}

/* ---- JSON (lua-cjson's encoder) ---- */

/* cjson takes a table with whole keys from 1 on for an array, and refuses one with too many holes; the
 * gateway allows up to SPARSE_SAFE of them in any case (kong/globalpatches.lua). */
#define SPARSE_SAFE 32768

static int check_sparse(const struct value *map, struct err *err)
{
	double max = 0, key;
	size_t i;

	for (i = 0; i < map->len; i++) {
		if (!value_is_number(&map->pairs[i].key))
			return 0;
		key = value_to_double(&map->pairs[i].key);
		if (!(key >= 1) || floor(key) != key)
			return 0;
		max = key > max ? key : max;
	}
	if (max > SPARSE_SAFE && max > (double)map->len * 2)
		return err_set(err, E_ARGUMENT, "Cannot serialise table: excessively sparse array");
	return 0;
}

static int check_json_key(const struct value *key, struct err *err)
{
	if (value_is_text(key) || value_is_number(key))
		return 0;
	return err_set(err, E_ARGUMENT, "Cannot serialise %s: table key must be a number or string",
		       pdk_type_name(key));
}

static int check_json_map(const struct value *map, struct err *err)
{
	size_t i;
	int rc = check_sparse(map, err);

	for (i = 0; rc == 0 && i < map->len; i++) {
		rc = check_json_key(&map->pairs[i].key, err);
		if (rc == 0)
			rc = pdk_check_json(&map->pairs[i].value, err);
	}
	return rc;
}

int pdk_check_json(const struct value *v, struct err *err)
{
	size_t i;
	int rc = 0;

	if (v->type == VALUE_DOUBLE && !isfinite(v->d))
		return err_set(err, E_ARGUMENT,
			       "Cannot serialise number: must not be NaN or Infinity");
	if (v->type == VALUE_MAP)
		return check_json_map(v, err);
	for (i = 0; rc == 0 && v->type == VALUE_ARRAY && i < v->len; i++)
		rc = pdk_check_json(&v->items[i], err);
	return rc;
}

/* ---- bodies (kong/pdk/service/request.lua, set_body_handlers) ---- */

int check_set_body(const struct pdk_call *c, struct err *err)
{
	if (!value_is_table(&c->argv[0]))
		return err_set(err, E_ARGUMENT, "args must be a table");
	if (!pdk_is_falsy(&c->argv[1]) && !value_is_text(&c->argv[1]))
		return err_set(err, E_ARGUMENT, "mime must be a string");
	return 0;
}

static int check_part(const struct value *key, const struct value *v, struct err *err)
{
	char buf[QUOTED_SIZE];

	if (!value_is_text(key))
		return err_set(err, E_ARGUMENT, "invalid key %s: got %s, expected string",
			       quote(key, buf), pdk_type_name(key));
	if (value_is_text(v) || value_is_number(v))
		return 0;
	if (v->type == VALUE_BOOL) /* passes the gateway's check, and fails when it is written */
		return err_set(err, E_ARGUMENT,
			       "bad argument #1 to 'put' (string/number/__tostring expected, got "
			       "boolean)");
	return err_set(err, E_ARGUMENT,
		       "invalid value %s: got %s, expected string, number or boolean",
		       quote(key, buf), pdk_type_name(v));
}

static int check_parts(const struct value *args, struct err *err)
{
	const struct value first = value_int(1);
	size_t i;
	int rc = 0;

	if (args->type == VALUE_ARRAY)
		return args->len == 0 ? 0 : check_part(&first, &args->items[0], err);
	for (i = 0; rc == 0 && i < args->len; i++)
		rc = check_part(&args->pairs[i].key, &args->pairs[i].value, err);
	return rc;
}

/* A quoted boundary without its end fails in the gateway. */
static int check_boundary(const struct value *mime, struct err *err)
{
	const char *at = memmem(mime->s, mime->len, "boundary=\"", 10);

	if (at == NULL || memchr(at + 10, '"', mime->len - (size_t)(at + 10 - mime->s)) != NULL)
		return 0;
	return err_set(err, E_ARGUMENT, "boundary without closing quote in content type %.*s",
		       (int)mime->len, mime->s);
}

int pdk_check_body(const struct value *args, const struct value *mime, struct err *err)
{
	const char *end = memchr(mime->s, ';', mime->len);
	struct value type = value_strn(mime->s, end ? (size_t)(end - mime->s) : mime->len);
	int rc;

	if (value_text_is(&type, "application/x-www-form-urlencoded"))
		return check_args(args, err);
	if (value_text_is(&type, "application/json"))
		return pdk_check_json(args, err);
	if (!value_text_is(&type, "multipart/form-data"))
		return err_set(err, E_ARGUMENT, "unsupported content type %.*s", (int)mime->len,
			       mime->s);
	rc = check_parts(args, err);
	return rc != 0 ? rc : check_boundary(mime, err);
}

/* ---- secrets (kong/pdk/vault.lua, recurse_config_refs) ---- */

static int check_refs(const struct value *config, const struct value *refs, struct err *err)
{
	const struct value *target;
	size_t i;

	for (i = 0; i < refs->len; i++) {
		const struct value_pair *pair = &refs->pairs[i];

		if (!value_is_table(&pair->value) || !value_is_text(&pair->key))
			continue;
		target = pdk_field_at(config, &pair->key);
		if (target == NULL || !value_is_table(target))
			return err_set(err, E_ARGUMENT,
				       "$refs names %.*s, which is no table in the options",
				       (int)pair->key.len, pair->key.s);
	}
	return 0;
}

static int check_secrets(const struct value *config, struct err *err)
{
	const struct value *refs = pdk_field(config, "$refs");
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && config->type == VALUE_ARRAY && i < config->len; i++)
		rc = check_secrets(&config->items[i], err);
	for (i = 0; rc == 0 && config->type == VALUE_MAP && i < config->len; i++)
		if (!value_text_is(&config->pairs[i].key, "$refs"))
			rc = check_secrets(&config->pairs[i].value, err);
	if (rc == 0 && refs != NULL && refs->type == VALUE_MAP)
		rc = check_refs(config, refs, err);
	return rc;
}

int check_vault_update(const struct pdk_call *c, struct err *err)
{
	return check_secrets(&c->argv[0], err);
}
