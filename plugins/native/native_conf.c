/* native_conf.c - outrigger_conf.h: a struct outrigger_conf * of the public header is a json_t * of ours. */
#include <math.h>
#include <string.h>
#include "plugins/native/native_impl.h"

const struct outrigger_conf *native_conf(const json_t *conf)
{
	return (const struct outrigger_conf *)(const void *)conf;
}

/* What is at the path, or NULL. */
static const json_t *at_path(const struct outrigger_conf *conf, const char *path)
{
	const json_t *json = (const json_t *)(const void *)conf;

	while (json != NULL && path != NULL && *path != '\0') {
		size_t n = strcspn(path, ".");

		json = json_object_getn(json, path, n);
		path += n;
		path += *path == '.';
	}
	return json_is_null(json) ? NULL : json;
}

const char *outrigger_conf_string(const struct outrigger_conf *conf, const char *path,
				  const char *initial)
{
	const char *text = json_string_value(at_path(conf, path));

	return text != NULL ? text : initial;
}

const char *outrigger_conf_bytes(const struct outrigger_conf *conf, const char *path,
				 size_t *ret_len)
{
	const json_t *json = at_path(conf, path);

	if (!json_is_string(json))
		return NULL;
	*ret_len = json_string_length(json);
	return json_string_value(json);
}

int64_t outrigger_conf_int(const struct outrigger_conf *conf, const char *path, int64_t initial)
{
	const json_t *json = at_path(conf, path);
	double d;

	if (json_is_integer(json))
		return json_integer_value(json);
	if (!json_is_real(json))
		return initial;
	d = json_real_value(json);
	return fabs(d) <= 9007199254740992.0 && trunc(d) == d ? (int64_t)d : initial;
}

double outrigger_conf_number(const struct outrigger_conf *conf, const char *path, double initial)
{
	const json_t *json = at_path(conf, path);

	return json_is_number(json) ? json_number_value(json) : initial;
}

bool outrigger_conf_bool(const struct outrigger_conf *conf, const char *path, bool initial)
{
	const json_t *json = at_path(conf, path);

	return json_is_boolean(json) ? json_is_true(json) : initial;
}

size_t outrigger_conf_length(const struct outrigger_conf *conf, const char *path)
{
	const json_t *json = at_path(conf, path);

	return json_is_array(json) ? json_array_size(json) : json_object_size(json);
}

const struct outrigger_conf *outrigger_conf_get(const struct outrigger_conf *conf, const char *path)
{
	return native_conf(at_path(conf, path));
}

const struct outrigger_conf *outrigger_conf_at(const struct outrigger_conf *conf, const char *path,
					       size_t index)
{
	return native_conf(json_array_get(at_path(conf, path), index));
}

void outrigger_conf_each(const struct outrigger_conf *conf, const char *path,
			 void (*fn)(void *arg, const char *key, const struct outrigger_conf *value),
			 void *arg)
{
	json_t *json = (json_t *)at_path(conf, path);
	void *it;

	for (it = json_object_iter(json); it != NULL; it = json_object_iter_next(json, it))
		fn(arg, json_object_iter_key(it), native_conf(json_object_iter_value(it)));
}
