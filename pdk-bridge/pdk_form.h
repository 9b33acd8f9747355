/* pdk_form.h - bodies of forms: application/x-www-form-urlencoded and multipart/form-data. */
#ifndef PDK_BRIDGE_PDK_FORM_H
#define PDK_BRIDGE_PDK_FORM_H
#include "protocol/value.h"

struct arena;

/* Encodes a table as application/x-www-form-urlencoded, by names in order; true has a name only, false and
 * nil are left out, an array has a piece for each. 0 or -E_NOMEM. */
int pdk_form_write(struct arena *arena, const struct value *table, struct value *ret);
/* Decodes at most max pieces, as ngx.decode_args: a name without '=' is true, one that comes twice an array,
 * '+' a blank. 0 or -E_NOMEM. */
int pdk_form_read(struct arena *arena, const struct value *text, size_t max, struct value *ret);
/* The fields of a multipart body by the boundary of its content type; files as their content. Texts
 * borrow from the body. A body without such parts has no fields. 0 or -E_NOMEM. */
int pdk_multipart_read(struct arena *arena, const struct value *type, const struct value *body,
		       struct value *ret);
/* Encodes a table of texts and numbers, with the boundary that the content type names if no value
 * holds it; *ret_type names the one that was taken. 0 or -E_NOMEM. */
int pdk_multipart_write(struct arena *arena, const struct value *table, const struct value *type,
			struct value *ret_body, struct value *ret_type);
/* The byte that "%XX" at s (n bytes left) stands for; -1 where there is none. */
int pdk_escaped(const char *s, size_t n);
/* The text with %XX decoded, and '+' too if `plus`; in the arena. 0 or -E_NOMEM. */
int pdk_unescape(struct arena *arena, const struct value *text, bool plus, struct value *ret);

#endif
