/* ngx_address.h - hosts and ports as nginx reads them. */
#ifndef PLUGINS_LUA_NGX_NGX_ADDRESS_H
#define PLUGINS_LUA_NGX_NGX_ADDRESS_H
#include <stdbool.h>
#include <stddef.h>
#include "plugins/sockets.h"

struct ngx_address {
	struct cosocket_place place; /* borrows the texts below */
	const char *name;            /* to be resolved; NULL = the place is known */
	char text[64];               /* an address without brackets or port */
};

/* Reads a NUL-terminated host; `text` is borrowed. NULL, or nginx's words for what is wrong with it. */
const char *ngx_address_read(struct ngx_address *address, const char *text, unsigned port);

#endif
