/* ip-list.c - lets clients in by their address: lists of networks in CIDR form, IPv4 and IPv6.
 *
 * Who is in `deny` is refused, and if there is an `allow`, who isn't in it. The lists are compiled once per
 * configuration: sorted networks of one length side by side, so that a look-up is one binary search for each
 * length that occurs. IPv4 addresses are IPv6's ::ffff:0:0/96. */
#include <arpa/inet.h>
#include <errno.h>
#include <outrigger.h>
#include <stdlib.h>

#define BITS 128

struct address {
	unsigned char bytes[BITS / 8];
};

struct network {
	struct address base;
	int length; /* bits */
};

struct list {
	struct network *networks; /* longest first, then by address */
	size_t count;
};

struct lists {
	struct list allow, deny;
};

static void mask(struct address *address, int length)
{
	for (int i = 0; i < BITS / 8; i++) {
		int keep = length - i * 8;

		if (keep <= 0)
			address->bytes[i] = 0;
		else if (keep < 8)
			address->bytes[i] &= (unsigned char)(0xff00 >> keep);
	}
}

/* Writes the address and how many of the BITS stand before the text's own form; 0 or -1. */
static int parse_address(const char *text, struct address *ret, int *ret_offset)
{
	static const unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

	*ret_offset = 0;
	if (inet_pton(AF_INET6, text, ret->bytes) == 1)
		return 0;
	memcpy(ret->bytes, v4_prefix, sizeof(v4_prefix));
	*ret_offset = (int)sizeof(v4_prefix) * 8;
	return inet_pton(AF_INET, text, ret->bytes + sizeof(v4_prefix)) == 1 ? 0 : -1;
}

/* A number of bits and nothing else, at most `most`; -1 if it isn't. */
static int parse_length(const char *text, int most)
{
	char *end;
	long length;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	length = strtol(text, &end, 10);
	return errno == 0 && *end == '\0' && length <= most ? (int)length : -1;
}

static int parse_network(const char *text, struct network *ret)
{
	char address[INET6_ADDRSTRLEN + 1];
	size_t n = strcspn(text, "/");
	int offset, length;

	if (n >= sizeof(address))
		return -1;
	memcpy(address, text, n);
	address[n] = '\0';
	if (parse_address(address, &ret->base, &offset) != 0)
		return -1;
	length = text[n] == '/' ? parse_length(text + n + 1, BITS - offset) : BITS - offset;
	if (length < 0)
		return -1;
	ret->length = offset + length;
	mask(&ret->base, ret->length);
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct network *x = a, *y = b;

	if (x->length != y->length)
		return y->length - x->length;
	return memcmp(&x->base, &y->base, sizeof(x->base));
}

static int compile(struct outrigger_rq *rq, const char *path, struct list *list)
{
	const struct outrigger_conf *conf = outrigger_conf_of(rq);

	list->count = outrigger_conf_length(conf, path);
	list->networks = outrigger_alloc(rq, list->count * sizeof(*list->networks));
	if (list->networks == NULL)
		return outrigger_fail(rq, "no memory for %zu networks", list->count);
	for (size_t i = 0; i < list->count; i++) {
		const char *text = outrigger_conf_string(outrigger_conf_at(conf, path, i), "", "");

		if (parse_network(text, &list->networks[i]) != 0)
			return outrigger_fail(rq, "%s: '%s' is no address or CIDR network", path,
					      text);
	}
	qsort(list->networks, list->count, sizeof(*list->networks), compare);
	return 0;
}

static int on_instance(struct outrigger_rq *rq, void **ret_instance)
{
	struct lists *lists = outrigger_alloc(rq, sizeof(*lists));
	int rc;

	if (lists == NULL)
		return outrigger_fail(rq, "no memory for the lists");
	rc = compile(rq, "allow", &lists->allow);
	if (rc == 0)
		rc = compile(rq, "deny", &lists->deny);
	*ret_instance = lists;
	return rc;
}

static bool contains(const struct list *list, const struct address *address)
{
	size_t i = 0, n;

	while (i < list->count) {
		struct network wanted = {*address, list->networks[i].length};

		for (n = i; n < list->count && list->networks[n].length == wanted.length; n++)
			;
		mask(&wanted.base, wanted.length);
		if (bsearch(&wanted, &list->networks[i], n - i, sizeof(wanted), compare) != NULL)
			return true;
		i = n;
	}
	return false;
}

static int on_access(struct outrigger_rq *rq)
{
	const struct lists *lists = outrigger_instance_of(rq);
	struct outrigger_pair message =
		outrigger_entry("message", outrigger_text("Your address is not allowed"));
	struct address address;
	const char *text;
	int offset, rc = kong_client_get_forwarded_ip(rq, &text);

	if (rc != 0)
		return rc;
	if (text == NULL || parse_address(text, &address, &offset) != 0)
		return outrigger_fail(rq, "the client has no address");
	if (!contains(&lists->deny, &address) &&
	    (lists->allow.count == 0 || contains(&lists->allow, &address)))
		return 0;
	return kong_response_exit(rq, 403, outrigger_map(&message, 1), outrigger_nil());
}

/* clang-format off */
static const char schema[] = OUTRIGGER_JSON({
	"name": "ip-list",
	"fields": [{"config": {"type": "record", "fields": [
		{"allow": {"type": "array", "elements": {"type": "string"}}},
		{"deny": {"type": "array", "elements": {"type": "string"}}}
	], "entity_checks": [{"at_least_one_of": ["allow", "deny"]}]}}]
});
/* clang-format on */

const struct outrigger_plugin outrigger_plugin = {
	.abi = OUTRIGGER_ABI,
	.size = sizeof(struct outrigger_plugin),
	.name = "ip-list",
	.version = "1.0.0",
	.priority = 990,
	.schema = schema,
	.instance_start = on_instance,
	.access = on_access,
};
