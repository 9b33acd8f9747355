#include "server/confine/places.h"
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wordexp.h>
#include "plugins/lua/lua_path.h"
#include "protocol/buf.h"
#include "protocol/err.h"
#include "server/config/config.h"
#include "server/config/config_plugin.h"
#include "server/config/config_value.h"
#include "server/confine/landlock.h"
#include "server/file.h"

/* What "default" stands for in read_paths: libraries, programs, and what they are set up by. Not the gateway's
 * prefix, /usr/local/kong. The last three are where resolv.conf points. */
static const char default_read[] =
	"/etc,/proc,/sys/devices/system/cpu,/sys/fs/cgroup,"
	"/bin,/sbin,/lib,/lib32,/lib64,/usr/bin,/usr/sbin,/usr/lib,/usr/lib32,/usr/lib64,"
	"/usr/libexec,/usr/share,/usr/local/bin,/usr/local/lib,/usr/local/share,"
	"/usr/local/openresty,/usr/local/kong/include,"
	"/run/systemd/resolve,/run/resolvconf,/run/NetworkManager";
/* No place of logs: whoever may write there can have ours go elsewhere, or another service's. */
static const char default_write[] = "/tmp,/var/tmp,/var/lib/outrigger,/dev/stdout,/dev/stderr";

struct places {
	struct place *places; /* owned, as their paths are */
	size_t count;
	int rc; /* of the latest failure */
	struct err *err;
};

/* Takes `path`; NULL is a lack of memory. */
static void add(struct places *p, char *path, bool is_writable)
{
	struct place *grown = path != NULL ? realloc(p->places, (p->count + 1) * sizeof(*grown))
					   : NULL;

	if (grown == NULL) {
		free(path);
		p->rc = err_set(p->err, E_NOMEM, "no memory for the places of plugins");
		return;
	}
	p->places = grown;
	p->places[p->count++] = (struct place){path, is_writable};
}

static bool is_word(const char *item, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(item, word, n) == 0;
}

static void add_items(struct places *p, const char *key, const char *list, bool is_writable)
{
	const char *item;
	size_t n;

	while (value_next_item(&list, &item, &n)) {
		if (*item == '/')
			add(p, strndup(item, n), is_writable);
		else if (!is_word(item, n, "default") && !is_word(item, n, "off"))
			p->rc = err_set(p->err, E_CONF,
					"%s: \"%.*s\" is no path from the root on, nor default or "
					"off",
					key, (int)n, item);
	}
}

static void add_lists(struct places *p, const struct config *config)
{
	if (value_list_has(config->read_paths, "default"))
		add_items(p, "read_paths", default_read, false);
	if (value_list_has(config->write_paths, "default"))
		add_items(p, "write_paths", default_write, true);
	add_items(p, "read_paths", config->read_paths, false);
	add_items(p, "write_paths", config->write_paths, true);
}

/* What the runtimes themselves open. Not /dev/zero: shared, it is memory that is counted to nobody. */
static void add_devices(struct places *p)
{
	static const char *const devices[] = {"/dev/null", "/dev/full", "/dev/random",
					      "/dev/urandom"};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		add(p, strdup(devices[i]), true);
}

/* Each of a Lua path's templates up to the folder before its first '?'. The current folder counts unless it is the
 * root: there it is none of anybody's choice. */
static void add_templates(struct places *p, const char *path)
{
	char cwd[PATH_MAX] = "/";

	(void)!getcwd(cwd, sizeof(cwd));
	while (*path != '\0') {
		size_t n = strcspn(path, ";"), fixed = strcspn(path, "?;");

		while (fixed > 0 && path[fixed - 1] != '/')
			fixed--;
		if (fixed > 0 && (*path == '/' || strcmp(cwd, "/") != 0))
			add(p, strndup(path, fixed), false);
		path += n + (path[n] == ';');
	}
}

static void add_lua_paths(struct places *p, const struct config *config)
{
	const struct plugin_paths paths = config_plugin_paths(config);
	struct buf text = {0};

	int rc = lua_path_build(&paths, &text);

	if (rc == 0)
		rc = lua_path_build_c(&paths, "", &text);
	if (rc == 0)
		rc = buf_append(&text, "", 1);
	if (rc == 0)
		add_templates(p, (const char *)buf_head(&text));
	else
		p->rc = err_set(p->err, E_NOMEM, "no memory for the Lua path");
	buf_fini(&text);
}

/* Folders with colons between them. */
static void add_folders(struct places *p, const char *folders)
{
	while (folders != NULL && *folders != '\0') {
		size_t n = strcspn(folders, ":");

		if (n > 0)
			add(p, strndup(folders, n), false);
		folders += n + (folders[n] == ':');
	}
}

/* The folder of each word that is a file: the program itself, and what it is to run. */
static void add_program(struct places *p, const char *command)
{
	wordexp_t words;

	if (wordexp(command, &words, WRDE_NOCMD) != 0)
		return;
	for (size_t i = 0; i < words.we_wordc; i++) {
		char *path = file_is_there(words.we_wordv[i]) ? file_absolute(words.we_wordv[i])
							      : NULL;

		if (path != NULL)
			add(p, strdup(dirname(path)), false);
		free(path);
	}
	wordfree(&words);
}

/* A plugin's folder may be a symbolic link to one that is elsewhere. */
static void add_code(struct places *p, const struct config *config)
{
	if (config->plugins_dir != NULL)
		add(p, strdup(config->plugins_dir), false);
	for (size_t i = 0; config->plugins_dir != NULL && i < config->plugin_count; i++) {
		add(p, file_printf("%s/%s", config->plugins_dir, config->plugins[i].name), false);
		add(p, file_printf("%s/%s.so", config->plugins_dir, config->plugins[i].name),
		    false);
	}
	for (size_t i = 0; i < config->plugin_count; i++)
		if (config->plugins[i].exec != NULL)
			add_program(p, config->plugins[i].exec);
	add_folders(p, config->c_plugin_path);
	add(p, file_own_program(), false);
}

/* What sockets need of the configuration. */
static void add_trust(struct places *p, const struct config *config)
{
	const char *files = config->lua_ssl_trusted_certificate, *file;
	size_t n;

	while (files != NULL && value_next_item(&files, &file, &n))
		if (*file == '/')
			add(p, strndup(file, n), false);
	if (config->dns_hostsfile != NULL)
		add(p, strdup(config->dns_hostsfile), false);
}

/* The folder, or the nearest one above it that is there. */
static void add_output(struct places *p, const char *output)
{
	char *path = output != NULL ? file_absolute(output) : NULL;
	char *folder = path;

	while (folder != NULL && access(folder, F_OK) != 0 && strcmp(folder, "/") != 0)
		folder = dirname(folder);
	if (folder != NULL)
		add(p, strdup(folder), true);
	free(path);
}

static void fini(struct places *p)
{
	for (size_t i = 0; i < p->count; i++)
		free((char *)p->places[i].path);
	free(p->places);
}

int places_restrict(const struct config *config, const char *output, struct err *err)
{
	struct places p = {.err = err};
	struct bounds bounds;

	add_lua_paths(&p, config);
	add_lists(&p, config);
	add_devices(&p);
	add_code(&p, config);
	add_trust(&p, config);
	add_output(&p, output);
	bounds = (struct bounds){p.places, p.count, config_has_network(config)};
	if (p.rc == 0)
		p.rc = landlock_restrict(&bounds, err);
	fini(&p);
	return p.rc;
}

static bool is_below(const char *path, const char *folder)
{
	char *real = realpath(folder, NULL);
	size_t n = real != NULL ? strlen(real) : 0;
	bool below = n > 0 && strncmp(path, real, n) == 0 &&
		     (path[n] == '/' || path[n] == '\0' || strcmp(real, "/") == 0);

	free(real);
	return below;
}

bool places_may_write(const struct config *config, const char *file)
{
	char *copy = strdup(file), *folder = copy != NULL ? realpath(dirname(copy), NULL) : NULL;
	struct places p = {0};
	bool may = false;

	add_lists(&p, config);
	for (size_t i = 0; folder != NULL && i < p.count; i++)
		may |= p.places[i].is_writable && is_below(folder, p.places[i].path);
	fini(&p);
	free(folder);
	free(copy);
	return may;
}
