/* outrigger_conf.h - reading a plugin's configuration. Part of outrigger.h.
 *
 * A path is names with dots ("redis.host"); "" is the configuration, or the part of it, itself. What is
 * missing, null, or of another type, gives the default. Texts are borrowed: of an event's configuration
 * until the event ends, of an instance's until the instance is dropped. `conf` may be NULL. */
#ifndef OUTRIGGER_CONF_H
#define OUTRIGGER_CONF_H
#include "outrigger_event.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A NUL-terminated text. */
OUTRIGGER_EXPORT const char *outrigger_conf_string(const struct outrigger_conf *conf,
						   const char *path, const char *initial);
/* A text that may hold NULs, with its length in bytes, which is written only if
 * there is one; or NULL. */
OUTRIGGER_EXPORT const char *outrigger_conf_bytes(const struct outrigger_conf *conf,
						  const char *path, size_t *ret_len);
/* A number with an integral value. */
OUTRIGGER_EXPORT int64_t outrigger_conf_int(const struct outrigger_conf *conf, const char *path,
					    int64_t initial);
/* Any number. */
OUTRIGGER_EXPORT double outrigger_conf_number(const struct outrigger_conf *conf, const char *path,
					      double initial);
/* true or false. */
OUTRIGGER_EXPORT bool outrigger_conf_bool(const struct outrigger_conf *conf, const char *path,
					  bool initial);
/* How many elements an array has, or a map entries; 0 for anything else. */
OUTRIGGER_EXPORT size_t outrigger_conf_length(const struct outrigger_conf *conf, const char *path);
/* The part of the configuration at a path, or NULL. */
OUTRIGGER_EXPORT const struct outrigger_conf *outrigger_conf_get(const struct outrigger_conf *conf,
								 const char *path);
/* The element of an array at a path, counted from 0, or NULL. */
OUTRIGGER_EXPORT const struct outrigger_conf *outrigger_conf_at(const struct outrigger_conf *conf,
								const char *path, size_t index);
/* Calls fn for each entry of the map at a path. */
OUTRIGGER_EXPORT void outrigger_conf_each(const struct outrigger_conf *conf, const char *path,
					  void (*fn)(void *arg, const char *key,
						     const struct outrigger_conf *value),
					  void *arg);

#ifdef __cplusplus
}
#endif
#endif
