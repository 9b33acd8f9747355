/* request-signature.c - lets requests in that are signed with a shared secret.
 *
 * The header has "t=SECONDS,v1=HEX": HEX is HMAC-SHA256 of SECONDS, METHOD, PATH-WITH-QUERY and BODY with
 * a newline between them. Only the body may hold one, so that no two requests have the same text. A
 * signature that is older or newer than `tolerance` seconds is refused: it can't be replayed for long. */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <outrigger.h>
#include <stdlib.h>
#include <time.h>

#define DIGEST 32 /* bytes of SHA-256 */

struct signature {
	long long seconds;
	const char *seconds_text; /* as signed; not NUL-terminated */
	size_t seconds_len;
	unsigned char mac[DIGEST];
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* Exactly 64 hexadecimal digits. */
static int parse_mac(const char *text, unsigned char mac[DIGEST])
{
	if (strlen(text) != 2 * DIGEST)
		return -1;
	for (int i = 0; i < DIGEST; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		mac[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

static int parse(const char *text, struct signature *ret)
{
	char *end;

	if (strncmp(text, "t=", 2) != 0 || text[2] < '0' || text[2] > '9')
		return -1;
	errno = 0;
	ret->seconds_text = text + 2;
	ret->seconds = strtoll(ret->seconds_text, &end, 10);
	ret->seconds_len = (size_t)(end - ret->seconds_text);
	if (errno != 0 || strncmp(end, ",v1=", 4) != 0)
		return -1;
	return parse_mac(end + 4, ret->mac);
}

/* The bytes that were signed, in the event's memory. */
static unsigned char *join(struct outrigger_rq *rq, const struct outrigger_value *parts, size_t n,
			   size_t *ret_len)
{
	size_t len = 0, at = 0;
	unsigned char *text;

	for (size_t i = 0; i < n; i++)
		len += parts[i].len + 1;
	text = outrigger_alloc(rq, len);
	for (size_t i = 0; text != NULL && i < n; i++) {
		if (i > 0)
			text[at++] = '\n';
		if (parts[i].len > 0)
			memcpy(text + at, parts[i].s, parts[i].len);
		at += parts[i].len;
	}
	*ret_len = at;
	return text;
}

static int compute(struct outrigger_rq *rq, const struct outrigger_value *parts,
		   unsigned char mac[DIGEST])
{
	size_t key_len = 0, len;
	const char *key = outrigger_conf_bytes(outrigger_conf_of(rq), "secret", &key_len);
	const unsigned char *text = join(rq, parts, 4, &len);
	unsigned size = 0;

	if (key == NULL || key_len == 0 || key_len > 4096 || text == NULL)
		return outrigger_fail(rq, "no usable secret, or no memory");
	if (HMAC(EVP_sha256(), key, (int)key_len, text, len, mac, &size) == NULL || size != DIGEST)
		return outrigger_fail(rq, "libcrypto can't compute HMAC-SHA256");
	return 0;
}

/* What was signed but for its time. */
static int ask_request(struct outrigger_rq *rq, struct outrigger_value parts[3])
{
	const char *method, *path;
	int rc = kong_request_get_method(rq, &method);

	if (rc == 0)
		rc = kong_request_get_path_with_query(rq, &path);
	if (rc == 0)
		rc = kong_request_get_raw_body(rq, outrigger_nil(), &parts[2]);
	if (rc != 0)
		return rc;
	if (parts[2].type == OUTRIGGER_NIL)
		return outrigger_fail(rq, "the body can't be had: %s", outrigger_error(rq));
	parts[0] = outrigger_text(method);
	parts[1] = outrigger_text(path);
	return 0;
}

static bool is_fresh(struct outrigger_rq *rq, const struct signature *signature)
{
	int64_t tolerance = outrigger_conf_int(outrigger_conf_of(rq), "tolerance", 300);
	long long now = (long long)time(NULL);

	return signature->seconds <= now + tolerance && signature->seconds >= now - tolerance;
}

static int refuse(struct outrigger_rq *rq)
{
	struct outrigger_pair message =
		outrigger_entry("message", outrigger_text("The signature is missing or wrong"));

	return kong_response_exit(rq, 401, outrigger_map(&message, 1), outrigger_nil());
}

static int on_access(struct outrigger_rq *rq)
{
	const char *name = outrigger_conf_string(outrigger_conf_of(rq), "header", "X-Signature"),
		   *text;
	struct signature signature;
	struct outrigger_value parts[4];
	unsigned char mac[DIGEST];
	int rc = kong_request_get_header(rq, name, &text);

	if (rc != 0)
		return rc;
	if (text == NULL || parse(text, &signature) != 0 || !is_fresh(rq, &signature))
		return refuse(rq);
	parts[0] = outrigger_bytes(signature.seconds_text, signature.seconds_len);
	rc = ask_request(rq, &parts[1]);
	if (rc == 0)
		rc = compute(rq, parts, mac);
	if (rc != 0)
		return rc;
	/* takes the same time wherever they differ */
	return CRYPTO_memcmp(mac, signature.mac, DIGEST) == 0 ? 0 : refuse(rq);
}

/* clang-format off */
static const char schema[] = OUTRIGGER_JSON({
	"name": "request-signature",
	"fields": [{"config": {"type": "record", "fields": [
		{"secret": {"type": "string", "required": true, "len_min": 16,
			    "encrypted": true, "referenceable": true}},
		{"header": {"type": "string", "required": true, "default": "X-Signature"}},
		{"tolerance": {"type": "integer", "required": true, "default": 300, "between": [1, 86400]}}
	]}}]
});
/* clang-format on */

const struct outrigger_plugin outrigger_plugin = {
	.abi = OUTRIGGER_ABI,
	.size = sizeof(struct outrigger_plugin),
	.name = "request-signature",
	.version = "1.0.0",
	.priority = 1020,
	.schema = schema,
	.access = on_access,
};
