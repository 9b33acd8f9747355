/* http.h - HTTP on the loop, for a few clients: libmicrohttpd, a little at a time.
 *
 * Slow and hostile clients get at most `connections` places, of which one address gets at most `per_address`. A
 * connection that has made no whole request, or not taken its answer, within ten seconds is closed, however busy
 * it is; one that waits for us is not. Where all places are taken, a new connection gets that of the one that would be
 * closed next. There is a fixed room for a request's head; bodies are read and ignored up to 64 KiB. Who accepts decides who is a client at all. */
#ifndef SERVER_ADMIN_HTTP_H
#define SERVER_ADMIN_HTTP_H
#include <jansson.h>
#include <stdbool.h>

struct http;         /* opaque */
struct http_request; /* opaque; lives until it is answered, or on_gone is told */
struct reactor;
struct sockaddr;

struct http_options {
	struct reactor *reactor; /* borrowed */
	unsigned connections;
	unsigned per_address; /* of those, for one peer's IP address; 0 = no limit */
	/* A request is read whole. It is answered at once, or later. */
	void (*on_request)(void *user, struct http_request *request, const char *method,
			   const char *url);
	/* One that waits for its answer has gone. */
	void (*on_gone)(void *user, struct http_request *request);
	void *user;
};

/* Returns owned, or NULL on lack of memory. */
struct http *http_create(const struct http_options *options);
/* Requests that wait are gone. Accepts NULL. */
void http_destroy(struct http *http);
/* Takes a connection; fd is owned from now on. `peer` is its other end's address, of that length; NULL where
 * per_address is 0. False where there is no place for it. */
bool http_add(struct http *http, int fd, const struct sockaddr *peer, unsigned peer_len);
/* Answers with `text`, which is freed; NULL, as where memory has failed, ends the connection. */
void http_answer(struct http_request *request, unsigned status, const char *type, char *text);
/* The same with JSON, which is taken; may be NULL. */
void http_answer_json(struct http_request *request, unsigned status, json_t *json);
/* {"error": TEXT} */
void http_refuse(struct http_request *request, unsigned status, const char *text);

#endif
