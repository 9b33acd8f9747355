#include "server/remote/keys.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "plugins/remote/remote_keys.h"
#include "protocol/err.h"
#include "server/file.h"

/* ---- reading ---- */

static int check_mode(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(err, E_IO, "%s: %s", path, strerror(errno));
	if ((st.st_mode & 077) != 0)
		return err_set(err, E_CONF,
			       "%s has a secret key, and others may read it: chmod 600 %s", path,
			       path);
	return 0;
}

static bool take_key(const json_t *text, char *ret)
{
	if (!json_is_string(text) || !remote_key_is_one(json_string_value(text)))
		return false;
	memcpy(ret, json_string_value(text), REMOTE_KEY_SIZE);
	return true;
}

static bool take_keys(const json_t *file, struct remote_keys *ret)
{
	const json_t *peers = json_object_get(file, "peers");

	if (json_array_size(peers) == 0 || !take_key(json_object_get(file, "secret"), ret->secret))
		return false;
	ret->peers = calloc(json_array_size(peers), sizeof(*ret->peers));
	for (size_t i = 0; ret->peers != NULL && i < json_array_size(peers); i++)
		if (!take_key(json_array_get(peers, i), ret->peers[ret->peer_count++]))
			return false;
	return ret->peers != NULL;
}

int keys_read(const char *path, struct remote_keys **ret_keys, struct err *err)
{
	struct remote_keys *keys = calloc(1, sizeof(*keys));
	json_t *file = NULL;
	int rc = keys != NULL ? check_mode(path, err) : -E_NOMEM;

	if (rc == 0) {
		file = json_load_file(path, 0, NULL);
		if (file == NULL || !take_keys(file, keys))
			rc = err_set(err, E_CONF,
				     "%s is no file of `outrigger keygen`: it needs secret and "
				     "peers, keys of 40 letters",
				     path);
	}
	json_decref(file);
	if (rc == 0)
		*ret_keys = keys;
	else
		keys_destroy(keys);
	return rc;
}

void keys_destroy(struct remote_keys *keys)
{
	if (keys == NULL)
		return;
	explicit_bzero(keys->secret, sizeof(keys->secret));
	free(keys->peers);
	free(keys);
}

/* ---- making ---- */

struct pair {
	char public[REMOTE_KEY_SIZE], secret[REMOTE_KEY_SIZE];
};

static char *describe(const struct pair *own, const struct pair *peer)
{
	json_t *file = json_pack("{s:s, s:s, s:[s]}", "secret", own->secret, "public", own->public,
				 "peers", peer->public);
	char *text = file != NULL ? json_dumps(file, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
	char *line = text != NULL ? file_printf("%s\n", text) : NULL;

	json_decref(file);
	free(text);
	return line;
}

/* Never in place of one that is there: whoever has its other end could not come in any more. */
static int write_new(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0 && errno == EEXIST)
		return err_set(err, E_EXISTS, "%s is there already, and stays as it is", path);
	if (fd < 0)
		return err_set(err, E_IO, "can't make %s: %s", path, strerror(errno));
	rc = file_write_all(fd, text, strlen(text), path, err);
	close(fd);
	if (rc != 0)
		unlink(path);
	return rc;
}

static int write_end(const char *path, const struct pair *own, const struct pair *peer,
		     struct err *err)
{
	char *text = describe(own, peer);
	int rc = text != NULL ? write_new(path, text, err) : -E_NOMEM;

	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	return rc;
}

int keys_make(const char *ours, const char *theirs, struct err *err)
{
	struct pair own, peer;
	int rc;

	if (!remote_keys_make(own.public, own.secret) ||
	    !remote_keys_make(peer.public, peer.secret))
		return err_set(err, E_UNSUPPORTED, "this ZeroMQ has no CURVE");
	rc = write_end(ours, &own, &peer, err);
	if (rc == 0) {
		rc = write_end(theirs, &peer, &own, err);
		if (rc != 0)
			unlink(ours);
	}
	explicit_bzero(&own, sizeof(own));
	explicit_bzero(&peer, sizeof(peer));
	return rc;
}
