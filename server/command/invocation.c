#include "server/command/invocation.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "protocol/err.h"
#include "server/file.h"
#include "server/supervisor/title.h"

enum {
	ADDED_MAX = 4
}; /* arguments that are added to those given */

/* Adds an owned text; NULL counts as lack of memory. */
static int add(struct invocation *inv, char *text)
{
	if (text == NULL)
		return -E_NOMEM;
	inv->argv[inv->argc++] = text;
	return 0;
}

/* Whether the argument is Go's -NAME or --NAME; *ret_value is set where it is -NAME=VALUE. */
static bool is_go_option(const char *arg, const char *name, const char **ret_value)
{
	size_t n = strlen(name);
	size_t dashes = strspn(arg, "-");

	if (dashes < 1 || dashes > 2 || strncmp(arg + dashes, name, n) != 0)
		return false;
	arg += dashes + n;
	*ret_value = *arg == '=' ? arg + 1 : NULL;
	return *arg == '\0' || *arg == '=';
}

/* Whether `outrigger` itself was called as a go-pdk server is. */
static bool is_go_form(int argc, char **argv)
{
	const char *unused;

	return argc > 1 && (is_go_option(argv[1], "dump", &unused) ||
			    is_go_option(argv[1], "kong-prefix", &unused));
}

static bool asks_for_dump(int argc, char **argv)
{
	const char *unused;

	for (int i = 1; i < argc; i++) {
		if (is_go_option(argv[i], "dump", &unused))
			return true;
	}
	return false;
}

static int add_begin(struct invocation *inv, const char *name, bool dump)
{
	int rc = add(inv, strdup(dump ? "dump" : "serve"));

	if (rc == 0 && name != NULL)
		rc = add(inv, file_printf("--plugin=%s", name));
	if (rc == 0 && !dump)
		rc = add(inv, strdup("--exit-with-parent"));
	return rc;
}

static int add_rest(struct invocation *inv, int argc, char **argv)
{
	const char *value;
	int rc = 0;

	for (int i = 1; rc == 0 && i < argc; i++) {
		if (is_go_option(argv[i], "dump", &value))
			continue;
		if (!is_go_option(argv[i], "kong-prefix", &value))
			rc = add(inv, strdup(argv[i]));
		else if (value != NULL)
			rc = add(inv, file_printf("--prefix=%s", value));
		else
			rc = add(inv, strdup("--prefix"));
	}
	return rc;
}

int invocation_init(struct invocation *inv, int argc, char **argv)
{
	const char *name = argc > 0 ? file_basename(argv[0]) : "outrigger";
	bool dump = asks_for_dump(argc, argv);
	int rc;

	memset(inv, 0, sizeof(*inv));
	if (argc > 0 && strncmp(argv[0], TITLE, strlen(TITLE)) == 0)
		return 0;
	if (strcmp(name, "outrigger") == 0)
		name = NULL;
	if (name == NULL && !is_go_form(argc, argv))
		return 0;
	if (name != NULL && strncmp(name, "query_", 6) == 0) {
		name += 6;
		dump = true;
	}
	inv->argv = calloc((size_t)argc + ADDED_MAX, sizeof(*inv->argv));
	if (inv->argv == NULL)
		return -E_NOMEM;
	rc = add_begin(inv, name, dump);
	if (rc == 0)
		rc = add_rest(inv, argc, argv);
	if (rc != 0)
		invocation_fini(inv);
	return rc;
}

void invocation_fini(struct invocation *inv)
{
	for (int i = 0; i < inv->argc; i++)
		free(inv->argv[i]);
	free(inv->argv);
	memset(inv, 0, sizeof(*inv));
}
