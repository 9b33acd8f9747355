/* pdk_fake.h - PDK calls on a real fiber, against a gateway that is a list of answers. All values are JSON:
 * arguments and results as arrays, an answer as one value. */
#ifndef TESTS_LIB_PDK_FAKE_H
#define TESTS_LIB_PDK_FAKE_H
#include <stdbool.h>
#include "pdk-bridge/fiber.h"
#include "pdk-bridge/pdk_call.h"

struct pdk_fake;

struct pdk_fake_answer {
	const char *call; /* "kong.request.get_header [\"host\"]" */
	const char *
		reply; /* JSON; NULL: nil; "!text": the gateway reports an error; "!": it is gone */
};

struct pdk_fake {
	struct pdk_env env;
	struct pdk_port port;
	struct fiber_pool pool;
	struct pdk_rq rq;
	const struct pdk_fake_answer
		*answers;  /* ends with {NULL, NULL}; what isn't in it answers nil */
	struct arena wire; /* holds one answer, till the next */
	void (*handler)(struct pdk_fake *fake);
	bool returned;       /* the handler came to its end */
	char sent[8192];     /* the calls that reached the gateway, a line each */
	char log[1024];      /* what was written to our own log, a line each */
	char failure[16384]; /* the first expectation that wasn't met */
};

/* Kong 3.9, read cache on, level debug, a gateway process with the key 1. */
void pdk_fake_init(struct pdk_fake *fake);
void pdk_fake_fini(struct pdk_fake *fake);
/* Runs the handler as one event. Fails the test where an expectation wasn't met. */
void pdk_fake_run(struct pdk_fake *fake, enum phase phase, void (*handler)(struct pdk_fake *fake));

/* From a handler: calls the function and compares its results, "[...]", or its error, "!text". */
void pdk_expect(struct pdk_fake *fake, const char *name, const char *args, const char *expected);
/* From a handler: calls it and returns its results or error as such a text, till the next call. */
const char *pdk_fake_call(struct pdk_fake *fake, const char *name, const char *args);

#endif
