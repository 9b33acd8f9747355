/* load_mp.c - what the gateway says and hears over MsgPack:1. */
#include <string.h>
#include "protocol/err.h"
#include "tests/bench/load.h"

static struct value_pair pair(const char *key, struct value value)
{
	return (struct value_pair){value_str(key), value};
}

static struct value map_of(struct value_pair *pairs, uint32_t n)
{
	return (struct value){.type = VALUE_MAP, .len = n, .pairs = pairs};
}

/* [0, id, method, [params]] */
static int write_call(struct load_conn *c, const char *method, struct value params)
{
	struct value items[4] = {value_int(0),
				 value_int((int64_t)++c->message),
				 value_str(method),
				 {.type = VALUE_ARRAY, .len = 1, .items = &params}};
	struct value call = {.type = VALUE_ARRAY, .len = 4, .items = items};
	return mp_write_value(&c->out, &call);
}

static int start(struct load_conn *c, const char *plugin, const char *conf)
{
	struct value_pair pairs[2] = {pair("Name", value_str(plugin)),
				      pair("Config", value_str(conf))};
	return write_call(c, "plugin.StartInstance", map_of(pairs, 2));
}

static int event(struct load_conn *c, int64_t instance, const char *phase)
{
	struct value_pair pairs[2] = {pair("EventName", value_str(phase)),
				      pair("InstanceId", value_int(instance))};
	return write_call(c, "plugin.HandleEvent", map_of(pairs, 2));
}

static int step(struct load_conn *c, const struct value *method, const struct value *ret)
{
	(void)method;
	struct value_pair pairs[2] = {pair("EventId", value_int((int64_t)c->event.server_id)),
				      pair("Data", *ret)};
	return write_call(c, "plugin.Step", map_of(pairs, ret->type == VALUE_NIL ? 1 : 2));
}

static struct value text_or_nil(const struct value *v)
{
	return value_is_text(v) ? *v : value_nil();
}

static void understand_data(const struct value *data, struct load_heard *ret)
{
	if (value_text_is(data, "ret")) {
		ret->type = HEARD_END;
		return;
	}
	const struct value *method = value_map_get(data, "Method");
	const struct value *args = value_map_get(data, "Args");
	if (!method || !value_is_text(method))
		return;
	ret->type = HEARD_CALL;
	ret->method = *method;
	if (!args || args->type != VALUE_ARRAY || !args->len)
		return;
	ret->first = text_or_nil(&args->items[0]);
	ret->last = text_or_nil(&args->items[args->len - 1]);
}

/* [1, id, error, result], or the notice [2, label, value] */
static int understand(struct load_conn *c, const struct value *answer, struct load_heard *ret)
{
	if (answer->type != VALUE_ARRAY || answer->len < 3)
		return -E_MALFORMED;
	if (answer->items[0].i == 2)
		return 1;
	if (answer->len != 4 || (uint64_t)answer->items[1].i != c->message)
		return -E_MALFORMED;
	ret->type = HEARD_ERROR;
	ret->last = answer->items[2];
	if (answer->items[2].type != VALUE_NIL)
		return 1;
	const struct value *result = &answer->items[3];
	const struct value *id = value_map_get(result, "Id");
	const struct value *event_id = value_map_get(result, "EventId");
	const struct value *data = value_map_get(result, "Data");
	if (event_id)
		c->event.server_id = (uint64_t)event_id->i;
	if (data)
		understand_data(data, ret);
	else if (id)
		*ret = (struct load_heard){.type = HEARD_STARTED, .id = id->i};
	return 1;
}

static int read_answer(struct load_conn *c, struct arena *arena, struct load_heard *ret,
		       size_t *ret_size)
{
	struct limits limits = {LIMIT_MESSAGE_SIZE, LIMIT_MESSAGE_DEPTH};
	struct value answer;
	int rc = mp_frame(c->scan, &limits, buf_head(&c->in), buf_len(&c->in), ret_size, NULL);
	if (rc <= 0)
		return rc;
	rc = mp_read_value(buf_head(&c->in), *ret_size, arena, &answer, NULL);
	return rc < 0 ? rc : understand(c, &answer, ret);
}

const struct load_wire load_mp = {"msgpack", start, event, step, read_answer};
