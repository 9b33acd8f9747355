/* pdk_check_rows.c - ranges and forms that rows of pdk.def ask for, with the texts of kong/pdk. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

static int refuse(struct err *err, const char *text)
{
	return err_set(err, E_ARGUMENT, "%s", text);
}

/* Infinity is an integer for the gateway, though never one in a range. */
static bool is_integral(double d)
{
	return floor(d) == d;
}

/* ---- limits ---- */

static int check_limit(const struct value *v, const char *name, struct err *err)
{
	double d = value_to_double(v);

	if (v->type == VALUE_NIL)
		return 0;
	if (!value_is_number(v))
		return err_set(err, E_ARGUMENT, "%s must be a number", name);
	if (!(d >= 1))
		return err_set(err, E_ARGUMENT, "%s must be >= 1", name);
	if (d > 1000)
		return err_set(err, E_ARGUMENT, "%s must be <= 1000", name);
	return 0;
}

int check_max_headers(const struct pdk_call *c, struct err *err)
{
	return check_limit(&c->argv[0], "max_headers", err);
}

int check_max_args(const struct pdk_call *c, struct err *err)
{
	return check_limit(&c->argv[0], "max_args", err);
}

/* The gateway looks at max_args for forms only; a wrong one is wrong for the others, too. */
int check_get_body(const struct pdk_call *c, struct err *err)
{
	return check_limit(&c->argv[1], "max_args", err);
}

int check_file_size(const struct pdk_call *c, struct err *err)
{
	const struct value *v = &c->argv[0];

	if (!pdk_is_falsy(v) && !value_is_number(v))
		return refuse(err, "max_allowed_file_size must be a number");
	return 0;
}

/* ---- integers ---- */

struct range {
	const char *name;
	double min, max;
};

static int check_integer(const struct value *v, const struct range *range, struct err *err)
{
	double d = value_to_double(v);
	char buf[32];

	if (!value_is_number(v) || !is_integral(d))
		return err_set(err, E_ARGUMENT, "%s must be an integer", range->name);
	if (d < range->min || d > range->max)
		return err_set(err, E_ARGUMENT,
			       "%s must be an integer between %.0f and %.0f: given %s", range->name,
			       range->min, range->max, pdk_to_text(v, buf, sizeof(buf)));
	return 0;
}

int check_target(const struct pdk_call *c, struct err *err)
{
	static const struct range port = {"port", 0, 65535};

	if (!value_is_text(&c->argv[0]))
		return refuse(err, "host must be a string");
	if (c->rq->phase == PHASE_REWRITE) /* the gateway allows it and then fails */
		return refuse(err, "attempt to index field 'balancer_data' (a nil value): "
				   "the request has no route yet, call it in access");
	return check_integer(&c->argv[1], &port, err);
}

int check_retries(const struct pdk_call *c, struct err *err)
{
	static const struct range range = {"retries", 0, 32767};

	return check_integer(&c->argv[0], &range, err);
}

int check_timeouts(const struct pdk_call *c, struct err *err)
{
	static const char *const names[] = {"connect_timeout", "write_timeout", "read_timeout"};
	int i, rc = 0;

	for (i = 0; rc == 0 && i < 3; i++) {
		struct range range = {names[i], 1, 2147483646};

		rc = check_integer(&c->argv[i], &range, err);
	}
	return rc;
}

/* ---- statuses ---- */

static int check_code(const struct value *v, int min, struct err *err)
{
	double d = value_to_double(v);

	if (!value_is_number(v))
		return refuse(err, "code must be a number");
	if (!(d >= min && d <= 599))
		return err_set(err, E_ARGUMENT, "code must be a number between %d and 599", min);
	return 0;
}

int check_status(const struct pdk_call *c, struct err *err)
{
	return check_code(&c->argv[0], 100, err);
}

/* Of streams the gateway knows other codes (kong/pdk/response.lua, VALID_CODES). */
static int check_stream_code(const struct value *v, struct err *err)
{
	static const int codes[] = {200, 400, 403, 500, 502, 503};
	size_t i;

	if (!value_is_number(v))
		return refuse(err, "code must be a number");
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (value_to_double(v) == codes[i])
			return 0;
	return refuse(err, "unacceptable code, only 200, 400, 403, 500, 502 and 503 are accepted");
}

static int check_optional_headers(const struct pdk_call *c, const struct value *headers,
				  struct err *err)
{
	struct pdk_call of_headers = *c;

	if (headers->type == VALUE_NIL)
		return 0;
	if (!value_is_table(headers))
		return refuse(err, "headers must be a nil or table");
	of_headers.argv = headers;
	return check_headers(&of_headers, err);
}

static bool is_body(const struct value *v)
{
	return v->type == VALUE_NIL || value_is_text(v) || value_is_table(v);
}

int check_exit(const struct pdk_call *c, struct err *err)
{
	int rc;

	rc = c->rq->phase == PHASE_PREREAD ? check_stream_code(&c->argv[0], err)
					   : check_code(&c->argv[0], 100, err);
	if (rc != 0)
		return rc;
	if (!is_body(&c->argv[1]))
		return refuse(err, "body must be a nil, string or table");
	rc = check_optional_headers(c, &c->argv[2], err);
	if (rc == 0 && value_is_table(&c->argv[1]) && pdk_check_json(&c->argv[1], err) != 0)
		rc = err_prefix(err, -E_ARGUMENT, "body encoding failed while flushing response");
	return rc;
}

int check_error(const struct pdk_call *c, struct err *err)
{
	int rc = check_code(&c->argv[0], 400, err);

	if (rc != 0)
		return rc;
	if (value_is_table(&c->argv[1]) && pdk_check_json(&c->argv[1], err) != 0)
		return err_prefix(err, -E_ARGUMENT, "could not JSON encode the error message");
	if (!is_body(&c->argv[1]))
		return refuse(err, "message must be a nil, a string or a table");
	return check_optional_headers(c, &c->argv[2], err);
}

/* ---- names and words ---- */

int check_header_name(const struct pdk_call *c, struct err *err)
{
	return value_is_text(&c->argv[0]) ? 0 : refuse(err, "header name must be a string");
}

int check_query_arg(const struct pdk_call *c, struct err *err)
{
	return value_is_text(&c->argv[0]) ? 0 : refuse(err, "query argument name must be a string");
}

int check_scheme(const struct pdk_call *c, struct err *err)
{
	const struct value *v = &c->argv[0];

	if (!value_is_text(v))
		return refuse(err, "scheme must be a string");
	if (!value_text_is(v, "http") && !value_text_is(v, "https"))
		return err_set(err, E_ARGUMENT, "invalid scheme: %.*s", (int)v->len, v->s);
	return 0;
}

int check_path(const struct pdk_call *c, struct err *err)
{
	const struct value *v = &c->argv[0];

	if (!value_is_text(v))
		return refuse(err, "path must be a string");
	return v->len > 0 && v->s[0] == '/' ? 0 : refuse(err, "path must start with /");
}

int check_method(const struct pdk_call *c, struct err *err)
{
	static const char *const methods[] = {
		"GET",  "HEAD",     "PUT",       "POST", "DELETE", "OPTIONS", "MKCOL", "COPY",
		"MOVE", "PROPFIND", "PROPPATCH", "LOCK", "UNLOCK", "PATCH",   "TRACE",
	};
	const struct value *v = &c->argv[0];
	size_t i;

	if (!value_is_text(v))
		return refuse(err, "method must be a string");
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (value_text_is(v, methods[i]))
			return 0;
	return err_set(err, E_ARGUMENT, "invalid method: %.*s", (int)v->len, v->s);
}

int check_is_trusted(const struct pdk_call *c, struct err *err)
{
	return value_is_text(&c->argv[0]) ? 0 : refuse(err, "missing valid ip argument");
}

int check_tls_verify(const struct pdk_call *c, struct err *err)
{
	return c->argv[0].type == VALUE_BOOL ? 0 : refuse(err, "argument must be a boolean");
}

int check_tls_verify_depth(const struct pdk_call *c, struct err *err)
{
	return value_is_number(&c->argv[0]) ? 0 : refuse(err, "argument must be a number");
}

int check_client_verify(const struct pdk_call *c, struct err *err)
{
	const struct value *v = &c->argv[0];

	if (!value_is_text(v))
		return refuse(err, "assertion failed!");
	if (value_text_is(v, "SUCCESS") || value_text_is(v, "NONE") ||
	    (v->len >= 7 && memcmp(v->s, "FAILED:", 7) == 0))
		return 0;
	return err_set(err, E_ARGUMENT,
		       "unknown client verify value: %.*s accepted values are: \"SUCCESS\", "
		       "\"NONE\" or \"FAILED:<reason>\"",
		       (int)v->len, v->s);
}

int check_no_ca_certs(const struct pdk_call *c, struct err *err)
{
	if (c->argc == 0)
		return 0;
	return refuse(err, "ca_certs can't cross to the gateway: call it without argument");
}

int check_log_format(const struct pdk_call *c, struct err *err)
{
	const struct value *v = &c->argv[0];

	return value_is_text(v) || pdk_is_falsy(v) ? 0 : refuse(err, "format must be a string");
}

/* ---- who asks ---- */

static bool is_uuid(const struct value *v)
{
	size_t i;

	if (!value_is_text(v) || v->len != 36)
		return false;
	for (i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? v->s[i] != '-'
							    : !isxdigit((unsigned char)v->s[i]))
			return false;
	return true;
}

int check_load_consumer(const struct pdk_call *c, struct err *err)
{
	if (!value_is_text(&c->argv[0]))
		return refuse(err, "consumer_id must be a string");
	if (!is_uuid(&c->argv[0]) && pdk_is_falsy(&c->argv[1]))
		return refuse(err, "cannot load a consumer with an id that is not a uuid");
	return 0;
}

static bool is_table_or_nil(const struct value *v)
{
	return v->type == VALUE_NIL || value_is_table(v);
}

int check_authenticate(const struct pdk_call *c, struct err *err)
{
	if (!is_table_or_nil(&c->argv[0]))
		return refuse(err, "consumer must be a table or nil");
	if (!is_table_or_nil(&c->argv[1]))
		return refuse(err, "credential must be a table or nil");
	if (c->argc == 0)
		return refuse(err, "either credential or consumer must be provided");
	return 0;
}

/* ---- shared values ---- */

int check_ctx_key(const struct pdk_call *c, struct err *err)
{
	const struct value *key = &c->argv[0];

	if (key->type == VALUE_BOOL || value_is_number(key) || value_is_text(key))
		return 0;
	return refuse(err, "key must be a string, number or boolean");
}

int check_ctx_set(const struct pdk_call *c, struct err *err)
{
	const struct value *key = &c->argv[0];

	if (key->type == VALUE_NIL)
		return refuse(err, "table index is nil");
	if (key->type == VALUE_DOUBLE && isnan(key->d))
		return refuse(err, "table index is NaN");
	return check_ctx_key(c, err);
}

int check_serialize_value(const struct pdk_call *c, struct err *err)
{
	const struct value *mode;

	if (!value_is_text(&c->argv[0]))
		return refuse(err, "key must be a string");
	if (!pdk_is_falsy(&c->argv[2]) && !value_is_table(&c->argv[2]))
		return refuse(err, "options must be a table");
	mode = pdk_field(&c->argv[2], "mode");
	if (mode == NULL || pdk_is_falsy(mode) || value_text_is(mode, "set") ||
	    value_text_is(mode, "add") || value_text_is(mode, "replace"))
		return 0;
	return refuse(err, "mode must be 'set', 'add' or 'replace'");
}

/* ---- the node ---- */

/* kong/tools/string.lua, bytes_to_str */
int check_memory_stats(const struct pdk_call *c, struct err *err)
{
	const struct value *unit = &c->argv[0], *scale = &c->argv[1];

	if (pdk_is_falsy(unit) || pdk_text_is_nocase(unit, "b") || value_text_is(unit, ""))
		return 0;
	if (!value_is_text(unit))
		return refuse(err, "unit must be a string");
	if (scale->type != VALUE_NIL && (!value_is_number(scale) || !(value_to_double(scale) >= 0)))
		return refuse(err, "scale must be equal or greater than 0");
	if (value_to_double(scale) > 99) /* more digits than Lua's format takes */
		return refuse(err, "invalid option in 'format'");
	if (pdk_text_is_nocase(unit, "k") || pdk_text_is_nocase(unit, "m") ||
	    pdk_text_is_nocase(unit, "g"))
		return 0;
	return err_set(err, E_ARGUMENT, "invalid unit '%.*s' (expected 'k/K', 'm/M', or 'g/G')",
		       (int)unit->len, unit->s);
}

/* kong/configuration holds objects since 3.9, on which the copying fails, where the gateway itself has
 * started a plugin server. */
int check_configuration(const struct pdk_call *c, struct err *err)
{
	if (c->rq->env->kong_version < 309)
		return 0;
	return err_set(err, E_UNSUPPORTED,
		       "%s can't be called from an external plugin of Kong 3.9 and later: the "
		       "gateway fails on it where it manages plugin servers",
		       c->fn->name);
}
