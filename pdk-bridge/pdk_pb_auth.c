/* pdk_pb_auth.c - kong.client.authenticate over ProtoBuf:1, with tables as a whole. */
#include "pdk-bridge/pdk_internal.h"
#include "pdk-bridge/pdk_lua.h"
#include "pdk-bridge/pdk_rows.h"

/* What the message can say: the fields of these names. */
static int reduce(struct pdk_call *c, const struct value *table, const char *const names[2],
		  struct value *ret)
{
	*ret = value_nil();
	if (!value_is_table(table))
		return 0;
	if (value_new_map(&c->rq->arena, 2, ret) != 0)
		return pdk_out_of_memory(c);
	ret->len = 0;
	for (size_t i = 0; i < 2 && names[i] != NULL; i++) {
		const struct value *v = pdk_field(table, names[i]);

		if (v != NULL && value_is_text(v))
			ret->pairs[ret->len++] = (struct value_pair){value_str(names[i]), *v};
	}
	return 0;
}

/* Where nil is as good as false, and false can't go. */
static void drop_false(struct value *v)
{
	for (uint32_t i = 0; v->type == VALUE_ARRAY && i < v->len; i++)
		drop_false(&v->items[i]);
	for (uint32_t i = 0; v->type == VALUE_MAP && i < v->len; i++) {
		drop_false(&v->pairs[i].value);
		if (pdk_is_falsy(&v->pairs[i].value))
			v->pairs[i].value = value_nil();
	}
}

static int put_whole(struct pdk_call *c, const char *key, const struct value *table)
{
	struct value argv[2] = {value_str(key), value_nil()};
	struct pdk_call other = {c->rq, &pdk_table[PDK_ID_nginx_set_ctx], argv, 2, c->ret, c->err};

	if (!value_is_table(table))
		return 0;
	if (value_copy(&c->rq->arena, table, &argv[1]) != 0)
		return pdk_out_of_memory(c);
	drop_false(&argv[1]);
	return pdk_set(&other, c->fn->group);
}

/* The message does what the gateway's function does, but has few fields, and gives "" and 0 for those that
 * are not set; so the tables themselves follow, to where that function puts them (kong/pdk/client.lua). */
int do_pb_authenticate(struct pdk_call *c)
{
	static const char *const consumer[2] = {"id", NULL};
	static const char *const credential[2] = {"id", "consumer_id"};
	struct value argv[2];
	struct pdk_ret none;
	int rc = reduce(c, &c->argv[0], consumer, &argv[0]);

	if (rc == 0)
		rc = reduce(c, &c->argv[1], credential, &argv[1]);
	if (rc == 0)
		rc = pdk_ask_other(c, c->fn->id, argv, 2, &none);
	if (rc == 0)
		rc = put_whole(c, "authenticated_consumer", &c->argv[0]);
	if (rc == 0)
		rc = put_whole(c, "authenticated_credential", &c->argv[1]);
	c->ret->n = 0;
	return rc;
}
