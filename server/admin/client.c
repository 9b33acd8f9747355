#include "server/admin/client.h"
#define CURL_DISABLE_TYPECHECK /* which knows no functions but by their names */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "plugins/late.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/file.h"
#include "server/socket/private_socket.h"

#define ANSWER_MAX ((size_t)64 << 20)

#define FUNCTIONS(F)          \
	F(curl_easy_init)     \
	F(curl_easy_setopt)   \
	F(curl_easy_perform)  \
	F(curl_easy_getinfo)  \
	F(curl_easy_strerror) \
	F(curl_easy_cleanup)
LATE_LIBRARY(curl, CURL_LIBRARY, FUNCTIONS)

/* What curl works on. */
struct transfer {
	char *socket; /* an address that is short enough; owned */
	struct buf body;
	char detail[CURL_ERROR_SIZE];
	long status;
};

static size_t on_body(char *bytes, size_t size, size_t n, void *user)
{
	struct transfer *t = user;

	if (buf_len(&t->body) + size * n > ANSWER_MAX || buf_append(&t->body, bytes, size * n) != 0)
		return 0;
	return size * n;
}

static bool set_up(CURL *handle, const struct client_call *call, const char *url,
		   struct transfer *t)
{
	return curl.curl_easy_setopt(handle, CURLOPT_URL, url) == CURLE_OK &&
	       curl.curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call->method) == CURLE_OK &&
	       curl.curl_easy_setopt(handle, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl.curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       curl.curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)(call->patience * 1000)) ==
		       CURLE_OK &&
	       curl.curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, t->detail) == CURLE_OK &&
	       curl.curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, t->socket) == CURLE_OK &&
	       curl.curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       curl.curl_easy_setopt(handle, CURLOPT_WRITEDATA, t) == CURLE_OK;
}

static int explain(CURLcode code, const struct transfer *t, const struct client_call *call,
		   struct err *err)
{
	const char *detail = t->detail[0] != '\0' ? t->detail : curl.curl_easy_strerror(code);

	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(err, E_TIMEOUT, "no answer within %g seconds on %s", call->patience,
			       call->socket);
	return err_set(err, E_IO, "what answers on %s is no outrigger: %s", call->socket, detail);
}

static int transfer(struct transfer *t, const struct client_call *call, struct err *err)
{
	char *url = file_printf("http://127.0.0.1%s", call->url);
	CURL *handle = curl.curl_easy_init();
	CURLcode code = CURLE_OUT_OF_MEMORY;

	if (url != NULL && handle != NULL && set_up(handle, call, url, t))
		code = curl.curl_easy_perform(handle);
	if (code == CURLE_OK)
		code = curl.curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &t->status);
	curl.curl_easy_cleanup(handle);
	free(url);
	return code == CURLE_OK ? 0 : explain(code, t, call, err);
}

/* Takes `json`. */
static int judge(long status, json_t *json, const struct client_call *call, json_t **ret_json,
		 struct err *err)
{
	const char *reason = json_string_value(json_object_get(json, "error"));
	int rc = 0;

	if (json == NULL)
		rc = err_set(err, E_IO, "what answers on %s is no outrigger: it sends no JSON",
			     call->socket);
	else if (status != 200)
		rc = err_set(err, E_HANDLER, "%s", reason != NULL ? reason : "it refuses");
	if (rc != 0)
		json_decref(json);
	else
		*ret_json = json;
	return rc;
}

/* Whether anybody is there: curl would not say why not. */
static int knock(const struct private_socket *place, const struct client_call *call,
		 struct err *err)
{
	int fd = private_socket_connect(place, err);

	if (fd < 0)
		return err_prefix(err, fd, "can't talk to a server on %s", call->socket);
	close(fd);
	return 0;
}

int client_call(const struct client_call *call, json_t **ret_json, struct err *err)
{
	struct private_socket place;
	struct transfer t = {0};
	json_t *json = NULL;
	int rc = private_socket_init(&place, call->socket, "", SOCK_STREAM, err);

	if (rc != 0)
		return rc;
	t.socket = file_printf("/proc/self/fd/%d/%s", place.dir, place.name);
	rc = t.socket != NULL ? knock(&place, call, err) : -E_NOMEM;
	if (rc == 0)
		rc = late_load(&curl_library, err);
	if (rc == 0)
		rc = transfer(&t, call, err);
	if (rc == 0 && buf_len(&t.body) > 0)
		json = json_loadb((const char *)buf_head(&t.body), buf_len(&t.body), 0, NULL);
	if (rc == 0)
		rc = judge(t.status, json, call, ret_json, err);
	free(t.socket);
	private_socket_fini(&place);
	buf_fini(&t.body);
	return rc;
}
