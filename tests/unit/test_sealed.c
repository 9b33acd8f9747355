/* Files in memory that processes share have one size for good: who makes one shorter would kill who looks into it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include "plugins/shared/dict_set.h"
#include "protocol/err.h"
#include "server/custody/custody_file.h"
#include "server/metrics/metrics_file.h"
#include "server/registry/registry_log.h"
#include "server/supervisor/sealed_file.h"
#include "tests/lib/unit.h"

static off_t size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_size;
}

static void assert_not_permitted(int result)
{
	assert_int_equal(result, -1);
	assert_int_equal(errno, EPERM);
}

/* Takes `fd`. */
static void assert_never_shorter(int fd)
{
	assert_not_permitted(ftruncate(fd, size_of(fd) - 1));
	assert_not_permitted(ftruncate(fd, 0));
	assert_not_permitted(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	close(fd);
}

static void assert_fixed(int fd)
{
	assert_not_permitted(ftruncate(fd, size_of(fd) + 1));
	assert_never_shorter(fd);
}

static void test_custody_segments_keep_their_size(void **state)
{
	const struct custody_layout layout = {.slots = 2, .events = 8, .region = 1 << 20};
	int fd;

	(void)state;
	assert_int_equal(custody_file_create(&layout, &fd, NULL), 0);
	assert_fixed(fd);
}

static void test_counts_keep_their_size(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(metrics_file_create(2, &fd, NULL), 0);
	assert_fixed(fd);
}

static void test_shared_dictionaries_keep_their_size(void **state)
{
	struct dict_set set;
	int fd;

	(void)state;
	dict_set_init(&set);
	assert_int_equal(dict_set_add(&set, "d", 65536, NULL), 0);
	assert_int_equal(dict_set_create_file(&set, &fd, NULL), 0);
	assert_fixed(fd);
	dict_set_fini(&set);
}

static void test_what_is_told_once_keeps_its_size(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(sealed_file_create("x", "text", 4, &fd, NULL), 0);
	assert_fixed(fd);
}

static void test_the_registry_grows_only(void **state)
{
	int fd;

	(void)state;
	assert_int_equal(registry_log_create(1, &fd, NULL), 0);
	assert_int_equal(ftruncate(fd, size_of(fd) + 1), 0);
	assert_never_shorter(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_custody_segments_keep_their_size),
		cmocka_unit_test(test_counts_keep_their_size),
		cmocka_unit_test(test_shared_dictionaries_keep_their_size),
		cmocka_unit_test(test_what_is_told_once_keeps_its_size),
		cmocka_unit_test(test_the_registry_grows_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
