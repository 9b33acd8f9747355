/* load_main.c - the program `load`: reads its options, runs rounds, prints a line for each. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tests/bench/load.h"
#include "tests/bench/process.h"

#define SET_HEADER "kong.response.set_header"
#define LOAD_CONF_MAX 512
#define SETTLE_LOOKS 20
#define SETTLE_MS 10

/* What the plugin `soak` does, and how often. */
static struct load_mode all_modes[] = {
	{"ok", "{\"mode\":\"ok\"}", 700, .steps = 2, .last = SET_HEADER, .end = "ret"},
	{"none", "{\"mode\":\"none\"}", 100, .steps = 0, .end = "ret"},
	{"exit", "{\"mode\":\"exit\"}", 100, .steps = 0, .end = "kong.response.exit"},
	{"error", "{\"mode\":\"error\"}", 50, .steps = 2, .last = "kong.log.err",
	 .end = "kong.response.exit"},
	{"vanish", "{\"mode\":\"vanish\"}", 25, .steps = 2, .last = SET_HEADER, .vanish_step = 1,
	 .end = "ret"},
	{"close", "{\"mode\":\"close\"}", 25, .steps = 2, .last = SET_HEADER, .vanish_step = 2,
	 .close = true, .end = "ret"},
};
static struct load_mode one_mode = {"ok", "{}", 1000, .steps = 2, .last = SET_HEADER, .end = "ret"};

static const char usage[] =
	"usage: load --socket PATH --plugin NAME [OPTIONS]\n"
	"  --protocol msgpack|protobuf   what to speak (msgpack)\n"
	"  --phase NAME                  of the events (access)\n"
	"  --conf JSON                   of the instances ({})\n"
	"  --events N, --rounds N        events of a round (10000), rounds (1)\n"
	"  --warm N                      events before the first round, of which nothing is said (0)\n"
	"  --connections N               each runs one event after the other (16)\n"
	"  --fresh                       a new connection for each event\n"
	"  --rotate                      another connection for each call, of twice as many; MsgPack only\n"
	"  --busy                        look for answers all the time, as a busy gateway, and never sleep\n"
	"  --rate N                      events a second at most (0: as many as it takes)\n"
	"  --idle N                      more connections, on which nothing is said (0)\n"
	"  --instances N                 events take turns on them (1)\n"
	"  --body BYTES                  an event's one call is kong.request.get_raw_body, which answers so many\n"
	"  --steps N                     PDK calls of an event: it reads headers, and sets one last; 1: reads one (2)\n"
	"  --mix                         all that the plugin `soak` does, in turns; MsgPack only\n"
	"  --pid PID                     the server, for its processor time, memory, descriptors\n";

struct options {
	uint64_t events, rounds, warm;
	pid_t pid;
};

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_round(const struct load *l, uint64_t events, double per_second, double cpu_us,
			const struct process_figures *after)
{
	const struct histogram *h = &l->latency;
	printf("{\"events\":%llu,\"per_second\":%.0f,\"server_us_per_event\":%.3f,"
	       "\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f,"
	       "\"pss_kb\":%ld,\"descriptors\":%ld}\n",
	       (unsigned long long)events, per_second, cpu_us, (double)histogram_at(h, 0.5) / 1e3,
	       (double)histogram_at(h, 0.99) / 1e3, (double)histogram_at(h, 0.999) / 1e3,
	       (double)h->max / 1e3, after->pss_kb, after->descriptors);
	fflush(stdout);
}

/* The server may be about to close a connection that was replaced last. */
static long settled_descriptors(const struct load *l, pid_t pid, long before)
{
	long n = process_figures(pid).descriptors;
	for (int looks = 0; n > before && l->totals.reconnects && looks < SETTLE_LOOKS; looks++) {
		poll(NULL, 0, SETTLE_MS);
		n = process_figures(pid).descriptors;
	}
	return n;
}

static void load_round(struct load *l, const struct options *o)
{
	struct process_figures before = process_figures(o->pid);
	memset(&l->latency, 0, sizeof(l->latency));
	double began = seconds();
	load_run(l, o->events);
	double took = seconds() - began;
	struct process_figures after = process_figures(o->pid);
	after.descriptors = settled_descriptors(l, o->pid, before.descriptors);
	print_round(l, o->events, (double)o->events / took,
		    (after.cpu_seconds - before.cpu_seconds) * 1e6 / (double)o->events, &after);
}

static _Noreturn void misused(const char *option, const char *value, const char *wanted)
{
	fprintf(stderr, "load: --%s '%s': must be %s\n", option, value, wanted);
	exit(2);
}

static void choose_protocol(struct load *l, const char *name)
{
	if (strcmp(name, load_mp.name) != 0 && strcmp(name, load_pb.name) != 0)
		misused("protocol", name, "msgpack or protobuf");
	l->wire = !strcmp(name, load_mp.name) ? &load_mp : &load_pb;
}

/* Two members are added to it. */
static void choose_conf(const char *json)
{
	size_t n = strlen(json);
	if (n < 2 || n > LOAD_CONF_MAX || json[0] != '{' || json[n - 1] != '}')
		misused("conf", json, "a JSON object, of at most 512 bytes");
	one_mode.conf = json;
}

/* A whole number, at least `least`. */
static uint64_t number(const char *option, const char *text, uint64_t least)
{
	char *end, wanted[64];
	errno = 0;
	uint64_t n = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || n < least || n > INT32_MAX) {
		snprintf(wanted, sizeof(wanted), "a whole number from %d to %d", (int)least,
			 INT32_MAX);
		misused(option, text, wanted);
	}
	return n;
}

static pid_t living(const char *text)
{
	pid_t pid = (pid_t)number("pid", text, 1);
	if (kill(pid, 0) < 0 && errno == ESRCH)
		misused("pid", text, "of a process that runs");
	return pid;
}

static void expect_calls(unsigned steps)
{
	one_mode.steps = (int)steps;
	one_mode.last = steps > 1 ? SET_HEADER : "kong.request.get_header";
}

static void expect_body(struct load *l, size_t bytes)
{
	l->body = bytes;
	one_mode.steps = 1;
	one_mode.last = "kong.request.get_raw_body";
}

enum long_option {
	SOCKET,
	PLUGIN,
	PROTOCOL,
	PHASE,
	CONF,
	EVENTS,
	ROUNDS,
	WARM,
	CONNECTIONS,
	FRESH,
	ROTATE,
	BUSY,
	RATE,
	IDLE,
	INSTANCES,
	BODY,
	STEPS,
	MIX,
	PID
};

static bool take_text(struct load *l, enum long_option option, const char *value)
{
	switch (option) {
	case SOCKET:
		l->socket = value;
		return true;
	case PLUGIN:
		l->plugin = value;
		return true;
	case PROTOCOL:
		choose_protocol(l, value);
		return true;
	case PHASE:
		l->phase = value;
		return true;
	case CONF:
		choose_conf(value);
		return true;
	case MIX:
		l->modes = all_modes;
		l->n_modes = sizeof(all_modes) / sizeof(all_modes[0]);
		return true;
	case FRESH:
		l->fresh = true;
		return true;
	case ROTATE:
		l->rotate = true;
		return true;
	case BUSY:
		l->busy = true;
		return true;
	default:
		return false;
	}
}

static void take_number(struct load *l, struct options *o, enum long_option option,
			const char *name, const char *value)
{
	switch (option) {
	case EVENTS:
		o->events = number(name, value, 1);
		break;
	case ROUNDS:
		o->rounds = number(name, value, 1);
		break;
	case WARM:
		o->warm = number(name, value, 0);
		break;
	case CONNECTIONS:
		l->connections = (unsigned)number(name, value, 1);
		break;
	case RATE:
		l->rate = (unsigned)number(name, value, 0);
		break;
	case IDLE:
		l->idle = (unsigned)number(name, value, 0);
		break;
	case INSTANCES:
		l->instances = (unsigned)number(name, value, 1);
		break;
	case BODY:
		expect_body(l, number(name, value, 0));
		break;
	case STEPS:
		expect_calls((unsigned)number(name, value, 0));
		break;
	case PID:
		o->pid = living(value);
		break;
	default:
		break;
	}
}

/* Over ProtoBuf an event is its connection's, and goes with it. */
static bool make_sense(const struct load *l)
{
	if (l->wire == &load_mp || (!l->rotate && l->n_modes == 1))
		return true;
	fputs("load: --rotate and --mix are for --protocol msgpack\n", stderr);
	return false;
}

static bool read_options(int argc, char **argv, struct load *l, struct options *o)
{
	static const struct option options[] = {{"socket", 1, 0, SOCKET},
						{"plugin", 1, 0, PLUGIN},
						{"protocol", 1, 0, PROTOCOL},
						{"phase", 1, 0, PHASE},
						{"conf", 1, 0, CONF},
						{"events", 1, 0, EVENTS},
						{"rounds", 1, 0, ROUNDS},
						{"warm", 1, 0, WARM},
						{"connections", 1, 0, CONNECTIONS},
						{"fresh", 0, 0, FRESH},
						{"rotate", 0, 0, ROTATE},
						{"busy", 0, 0, BUSY},
						{"rate", 1, 0, RATE},
						{"idle", 1, 0, IDLE},
						{"instances", 1, 0, INSTANCES},
						{"body", 1, 0, BODY},
						{"steps", 1, 0, STEPS},
						{"mix", 0, 0, MIX},
						{"pid", 1, 0, PID},
						{0}};
	int at;
	for (int option; (option = getopt_long(argc, argv, "", options, &at)) != -1;) {
		if (option == '?')
			return false;
		if (!take_text(l, (enum long_option)option, optarg))
			take_number(l, o, (enum long_option)option, options[at].name, optarg);
	}
	return l->socket && l->plugin && optind == argc && make_sense(l);
}

int main(int argc, char **argv)
{
	struct load l = {.wire = &load_mp,
			 .phase = "access",
			 .modes = &one_mode,
			 .n_modes = 1,
			 .connections = 16,
			 .instances = 1};
	struct options o = {.events = 10000, .rounds = 1};
	if (!read_options(argc, argv, &l, &o)) {
		fputs(usage, stderr);
		return 2;
	}
	load_start(&l);
	if (o.warm)
		load_run(&l, o.warm);
	for (uint64_t i = 0; i < o.rounds; i++)
		load_round(&l, &o);
	load_stop(&l);
	fprintf(stderr, "%llu events, %llu steps, %llu reconnects, %llu wrong answers%s%s\n",
		(unsigned long long)l.totals.events, (unsigned long long)l.totals.steps,
		(unsigned long long)l.totals.reconnects, (unsigned long long)l.totals.wrong,
		l.totals.wrong ? ", the first: " : "", l.totals.first_wrong);
	return l.totals.wrong ? 1 : 0;
}
