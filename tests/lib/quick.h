/* quick.h - a codec's quick() beside frame() and read(), which say what is right. For unit tests and fuzzers. */
#ifndef TESTS_LIB_QUICK_H
#define TESTS_LIB_QUICK_H
#include <stdbool.h>
#include <stdlib.h>
#include "protocol/arena.h"
#include "protocol/codec.h"

static inline bool same_msg(const struct msg *a, const struct msg *b)
{
	return a->type == b->type && a->follow == b->follow && a->id == b->id &&
	       a->instance_id == b->instance_id && a->event_id == b->event_id &&
	       a->number == b->number && value_equal(&a->method, &b->method) &&
	       value_equal(&a->name, &b->name) && value_equal(&a->text, &b->text) &&
	       value_equal(&a->data, &b->data);
}

/* Whether the message that quick() found in the first bytes, with that size, is there. */
static inline bool is_there(const struct codec *codec, const struct limits *limits,
			    const unsigned char *bytes, size_t n, const struct msg *msg,
			    size_t size)
{
	struct arena arena = {0};
	struct msg general;
	size_t general_size = 0;
	void *scan = calloc(1, codec->scan_size);
	bool id_known, same;

	same = scan != NULL && codec->frame(scan, limits, bytes, n, &general_size, NULL) == 1 &&
	       general_size == size &&
	       codec->read(bytes, size, &arena, &general, &id_known, NULL) == 0 &&
	       same_msg(msg, &general);
	arena_fini(&arena);
	free(scan);
	return same;
}

/* False if quick() says what the others do not. *ret_size is what it returned. */
static inline bool quick_is_right(const struct codec *codec, const struct limits *limits,
				  const unsigned char *bytes, size_t n, size_t *ret_size)
{
	struct msg msg;

	*ret_size = codec->quick(limits, bytes, n, &msg);
	return *ret_size == 0 || is_there(codec, limits, bytes, n, &msg, *ret_size);
}

#endif
