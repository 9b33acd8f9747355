/* load_wire.c - what the gateway says and hears, as MessagePack. */
#include <string.h>
#include "protocol/err.h"
#include "protocol/mp.h"
#include "tests/bench/load.h"

static struct value_pair pair(const char *key, struct value value)
{
	return (struct value_pair){value_str(key), value};
}

/* [0, id, method, [params]] */
static int write_call(struct load_conn *c, const char *method, struct value params)
{
	struct value items[4] = {value_int(0),
				 value_int((int64_t)++c->msg_id),
				 value_str(method),
				 {.type = VALUE_ARRAY, .len = 1, .items = &params}};
	struct value call = {.type = VALUE_ARRAY, .len = 4, .items = items};
	return mp_write_value(&c->out, &call);
}

static struct value map_of(struct value_pair *pairs, uint32_t n)
{
	return (struct value){.type = VALUE_MAP, .len = n, .pairs = pairs};
}

int load_write_start(struct load_conn *c, struct arena *arena, const char *plugin, const char *mode)
{
	char *conf = arena_printf(arena, "{\"mode\":\"%s\",\"__seq__\":1,\"__key__\":\"%s\"}", mode,
				  mode);
	if (!conf)
		return -E_NOMEM;
	struct value_pair pairs[2] = {pair("Name", value_str(plugin)),
				      pair("Config", value_str(conf))};
	return write_call(c, "plugin.StartInstance", map_of(pairs, 2));
}

int load_write_event(struct load_conn *c, struct arena *arena, int64_t instance)
{
	(void)arena;
	struct value_pair pairs[2] = {pair("EventName", value_str("access")),
				      pair("InstanceId", value_int(instance))};
	return write_call(c, "plugin.HandleEvent", map_of(pairs, 2));
}

int load_write_step(struct load_conn *c, struct arena *arena, const char *method)
{
	(void)arena;
	struct value_pair pairs[2] = {pair("EventId", value_int((int64_t)c->event_id)),
				      pair("Data", value_str("some-header-value"))};
	bool answers = strncmp(method, "kong.request.get", 16) == 0;
	return write_call(c, "plugin.Step", map_of(pairs, answers ? 2 : 1));
}

int load_read_answer(struct load_conn *c, struct arena *arena, struct value *ret, size_t *ret_size)
{
	struct limits limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH};
	int rc = mp_frame(c->scan, &limits, buf_head(&c->in), buf_len(&c->in), ret_size, NULL);
	if (rc <= 0)
		return rc;
	rc = mp_read_value(buf_head(&c->in), *ret_size, arena, ret, NULL);
	if (rc < 0)
		return rc;
	return ret->type == VALUE_ARRAY && ret->len >= 3 ? 1 : -E_MALFORMED;
}
