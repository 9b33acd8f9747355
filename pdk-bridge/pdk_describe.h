/* pdk_describe.h - the table as text: the reference in docs/pdk.md, and the frozen list of signatures; and as data,
 * for plugins in other languages. */
#ifndef PDK_BRIDGE_PDK_DESCRIBE_H
#define PDK_BRIDGE_PDK_DESCRIBE_H

struct arena;
struct buf;
struct pdk_fn;
struct value;

/* "kong.request.get_header(name: string) -> string". Appends. 0 or -E_NOMEM. */
int pdk_describe_signature(struct buf *out, const struct pdk_fn *fn);
/* One signature a line, for all functions: tests/golden/pdk-v1.txt. */
int pdk_describe_signatures(struct buf *out);
/* "kong_request_get_header" */
int pdk_describe_c_name(struct buf *out, const struct pdk_fn *fn);
/* docs/pdk.md */
int pdk_describe_markdown(struct buf *out);
/* An array of {name, args: [{name, type, optional}], returns, ends, doc}, a map for each function that works here;
 * types as in the signatures. 0 or -E_NOMEM. */
int pdk_describe_value(struct arena *arena, struct value *ret);

#endif
