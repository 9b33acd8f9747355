/* test_ids_file.c - ids are unique whatever becomes of a writing to their file. */
#include "tests/lib/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "protocol/err.h"
#include "server/registry/ids_file.h"
#include "server/registry/ids_slots.h"

static char dir[64], path[96];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/outrigger-ids-file-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/" IDS_FILE_NAME, dir);
	return 0;
}

static int remove_dir(void **state)
{
	char lock[128];

	(void)state;
	snprintf(lock, sizeof(lock), "%s/" IDS_FILE_LOCK_NAME, dir);
	unlink(lock);
	unlink(path);
	return rmdir(dir);
}

static void read_bytes(uint8_t bytes[IDS_SLOTS_SIZE])
{
	int fd = open(path, O_RDONLY);

	assert_int_equal(pread(fd, bytes, IDS_SLOTS_SIZE, 0), IDS_SLOTS_SIZE);
	close(fd);
}

static void write_bytes(const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(pwrite(fd, bytes, n, 0), n);
	close(fd);
}

/* The first id of a block of instances. */
static uint32_t reserve(struct ids_file *f)
{
	struct err err = {""};
	uint32_t first = 0, end = 0;

	if (ids_file_reserve_instances(f, &first, &end, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(end - first, 1024);
	return first;
}

static void start(struct ids_file *f)
{
	struct err err = {""};

	if (ids_file_init(f, dir, &err) != 0)
		fail_msg("%s", err.text);
}

static void test_a_writing_cut_short_anywhere_gives_no_id_twice(void **state)
{
	uint8_t before[IDS_SLOTS_SIZE], after[IDS_SLOTS_SIZE], torn[IDS_SLOTS_SIZE];
	struct ids_file f;
	uint32_t given;
	size_t at = 0;

	(void)state;
	start(&f);
	given = reserve(&f);
	read_bytes(before);
	reserve(&f);
	read_bytes(after);
	while (before[at] == after[at])
		at++;
	at = at / IDS_SLOT_SIZE * IDS_SLOT_SIZE;
	for (size_t n = 0; n <= sizeof(struct ids_slot); n++) {
		memcpy(torn, before, sizeof(torn));
		memcpy(torn + at, after + at, n);
		write_bytes(torn, sizeof(torn));
		assert_true(reserve(&f) >= given + 1024);
	}
	ids_file_fini(&f);
}

/* Then the file system needs no room for it, and who reads it finds no half of it. */
static void test_it_is_written_in_its_place(void **state)
{
	struct stat before, after;
	struct ids_file f;

	(void)state;
	start(&f);
	assert_int_equal(stat(path, &before), 0);
	assert_true(before.st_blocks * 512 >= (blkcnt_t)IDS_SLOTS_SIZE);
	for (int i = 0; i < 10; i++)
		reserve(&f);
	ids_file_fini(&f);
	start(&f);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(after.st_ino, before.st_ino);
	assert_int_equal(after.st_size, IDS_SLOTS_SIZE);
	ids_file_fini(&f);
}

static void test_the_other_slot_holds_where_one_is_broken(void **state)
{
	uint8_t bytes[IDS_SLOTS_SIZE];
	struct ids_file f;
	struct err err = {""};
	uint32_t first, end;

	(void)state;
	start(&f);
	reserve(&f);
	read_bytes(bytes);
	bytes[40] ^= 1;
	write_bytes(bytes, sizeof(bytes));
	reserve(&f);
	read_bytes(bytes);
	memset(bytes, 0xff, IDS_SLOT_SIZE);
	bytes[IDS_SLOT_SIZE + 40] ^= 1;
	write_bytes(bytes, sizeof(bytes));
	assert_int_equal(ids_file_reserve_instances(&f, &first, &end, &err), -E_IO);
	assert_non_null(strstr(err.text, "remove the file"));
	ids_file_fini(&f);
}

static void test_the_form_of_earlier_versions_is_read_on(void **state)
{
	static const char old[] = "{\"generation\":41,\"instances\":700000,\"events\":900000000}\n";
	struct ids_file f;
	uint64_t first, end;

	(void)state;
	write_bytes(old, strlen(old));
	start(&f);
	assert_int_equal(f.generation, 42);
	assert_int_equal(reserve(&f), 700000);
	assert_int_equal(ids_file_reserve_events(&f, &first, &end, NULL), 0);
	assert_int_equal(first, 900000000);
	ids_file_fini(&f);
	start(&f);
	assert_int_equal(reserve(&f), 700000 + 1024);
	ids_file_fini(&f);
}

static void test_no_link_is_followed(void **state)
{
	struct ids_file f;
	struct err err = {""};

	(void)state;
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_int_equal(ids_file_init(&f, dir, &err), -E_IO);
	assert_non_null(strstr(err.text, path));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(test_a_writing_cut_short_anywhere_gives_no_id_twice),
		TEST(test_it_is_written_in_its_place),
		TEST(test_the_other_slot_holds_where_one_is_broken),
		TEST(test_the_form_of_earlier_versions_is_read_on),
		TEST(test_no_link_is_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
