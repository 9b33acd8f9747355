#include "server/cosocket/cosocket_address.h"
#include <arpa/inet.h>
#include <string.h>
#include "plugins/sockets.h"

static bool fill_file(struct cosocket_address *address, const char *path)
{
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(address->file.sun_path))
		return false;
	address->file.sun_family = AF_UNIX;
	memcpy(address->file.sun_path, path, n + 1);
	address->length = sizeof(address->file);
	return true;
}

bool cosocket_address_fill(struct cosocket_address *address, const struct cosocket_place *place)
{
	*address = (struct cosocket_address){.length = 0};
	if (place->path != NULL)
		return fill_file(address, place->path);
	if (inet_pton(AF_INET, place->address, &address->v4.sin_addr) == 1) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = htons((uint16_t)place->port);
		address->length = sizeof(address->v4);
	} else if (inet_pton(AF_INET6, place->address, &address->v6.sin6_addr) == 1) {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = htons((uint16_t)place->port);
		address->length = sizeof(address->v6);
	}
	return address->length > 0;
}
