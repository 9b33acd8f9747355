/* cosocket_address.h - places as the system's addresses. */
#ifndef SERVER_COSOCKET_COSOCKET_ADDRESS_H
#define SERVER_COSOCKET_COSOCKET_ADDRESS_H
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct cosocket_place;

struct cosocket_address {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un file;
	};
	socklen_t length;
};

/* False if it is none. */
bool cosocket_address_fill(struct cosocket_address *address, const struct cosocket_place *place);

#endif
