#include "plugins/lua/ngx/ngx_address.h"
#include <ctype.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PATH_MAX_UNIX 107 /* what a Unix socket's address has room for */

/* A port behind a host. False if it is none. */
static bool read_port(const char *text, unsigned *ret)
{
	char *end;
	unsigned long port;

	if (!isdigit((unsigned char)*text) || strlen(text) > 5)
		return false;
	port = strtoul(text, &end, 10);
	if (*end != '\0' || port < 1 || port > 65535)
		return false;
	*ret = (unsigned)port;
	return true;
}

/* Whether it is an address of that many bytes, rather than a name. */
static bool is_address(const char *text, int bytes)
{
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(text);
	bool is_one = ip != NULL && ASN1_STRING_length(ip) == bytes;

	ASN1_OCTET_STRING_free(ip);
	return is_one;
}

static bool copy(struct ngx_address *address, const char *text, size_t n)
{
	if (n >= sizeof(address->text))
		return false;
	memcpy(address->text, text, n);
	address->text[n] = '\0';
	address->place.address = address->text;
	return true;
}

static const char *read_path(struct ngx_address *address, const char *path)
{
	if (*path == '\0')
		return "no path in the unix domain socket";
	if (strlen(path) > PATH_MAX_UNIX)
		return "too long path in the unix domain socket";
	address->place.path = path;
	return NULL;
}

/* Behind the bracket. */
static const char *read_v6(struct ngx_address *address, const char *text)
{
	const char *end = strchr(text, ']');

	if (end == NULL || (end[1] != '\0' && end[1] != ':'))
		return "invalid host";
	if (end[1] == ':' && !read_port(end + 2, &address->place.port))
		return "invalid port";
	if (end == text)
		return "no host";
	if (!copy(address, text, (size_t)(end - text)) || !is_address(address->text, 16))
		return "invalid IPv6 address";
	return NULL;
}

const char *ngx_address_read(struct ngx_address *address, const char *text, unsigned port)
{
	size_t n = strcspn(text, ":");

	*address = (struct ngx_address){.place = {.port = port}};
	if (strncasecmp(text, "unix:", 5) == 0)
		return read_path(address, text + 5);
	if (*text == '[')
		return read_v6(address, text + 1);
	if (text[strcspn(text, "/?#")] != '\0')
		return "invalid host";
	if (text[n] == ':' && !read_port(text + n + 1, &address->place.port))
		return "invalid port";
	if (n == 0)
		return "no host";
	if (copy(address, text, n) && is_address(address->text, 4))
		return NULL;
	address->place.port = port;
	address->name = text;
	return NULL;
}
