/* driver.c - runs a fuzzer without libFuzzer: its corpus, then 1000 mutations of it.
 *
 * The mutations are the same at each run, so a failure can be repeated. The input that is being
 * run when the program dies is left in PROGRAM.crash. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUTATIONS 1000
#define CORPUS_MAX 4096
#define INPUT_MAX ((size_t)1 << 16)

struct input {
	size_t size;
	uint8_t *data;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int crash_fd = -1;
static uint64_t random_state = 0x9e3779b97f4a7c15U;

/* xorshift64: good enough to pick bytes, and the same everywhere. */
static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static size_t random_below(size_t bound)
{
	return bound == 0 ? 0 : (size_t)(random_next() % bound);
}

/* Keeps the input in the file that is looked at after a crash. One descriptor for all inputs: to
 * truncate and close a file for each of them makes some file systems write it out each time. */
static void keep_input(const struct input *in)
{
	if (ftruncate(crash_fd, (off_t)in->size) != 0 ||
	    pwrite(crash_fd, in->data, in->size, 0) != (ssize_t)in->size)
		fprintf(stderr, "the input could not be kept\n");
}

/* The input is copied to memory of its exact size, so that ASan sees a read beyond its end. */
static void run_one(const struct input *in)
{
	uint8_t *exact = malloc(in->size);

	keep_input(in);
	if (exact != NULL || in->size == 0) {
		if (in->size != 0)
			memcpy(exact, in->data, in->size);
		LLVMFuzzerTestOneInput(exact, in->size);
	}
	free(exact);
}

static int read_input(const char *dir, const char *name, struct input *ret_in)
{
	char path[4096];
	uint8_t *data;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f == NULL)
		return -1;
	data = malloc(INPUT_MAX);
	if (data != NULL) {
		ret_in->data = data;
		ret_in->size = fread(data, 1, INPUT_MAX, f);
	}
	fclose(f);
	return data == NULL ? -1 : 0;
}

static size_t read_corpus(const char *dir, struct input *corpus)
{
	struct dirent **names;
	size_t count = 0;
	int n = scandir(dir, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' && count < CORPUS_MAX &&
		    read_input(dir, names[i]->d_name, &corpus[count]) == 0)
			count++;
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return count;
}

static void mutate_bytes(struct input *in)
{
	size_t changes = 1 + random_below(4);

	while (in->size > 0 && changes-- > 0) {
		size_t at = random_below(in->size);

		if (random_below(2) == 0)
			in->data[at] = (uint8_t)random_next();
		else
			in->data[at] ^= (uint8_t)(1U << random_below(8));
	}
}

static void mutate_remove(struct input *in)
{
	size_t at = random_below(in->size);
	size_t count = random_below(in->size - at + 1);

	memmove(in->data + at, in->data + at + count, in->size - at - count);
	in->size -= count;
}

/* Inserts a piece of another input at any place. */
static void mutate_splice(struct input *in, const struct input *other)
{
	size_t from = random_below(other->size);
	size_t count = random_below(other->size - from + 1);
	size_t at = random_below(in->size + 1);

	if (count > INPUT_MAX - in->size)
		count = INPUT_MAX - in->size;
	memmove(in->data + at + count, in->data + at, in->size - at);
	memcpy(in->data + at, other->data + from, count);
	in->size += count;
}

static void mutate(struct input *in, const struct input *other)
{
	switch (random_below(4)) {
	case 0:
		mutate_remove(in);
		break;
	case 1:
		mutate_splice(in, other);
		break;
	case 2:
		mutate_splice(in, other);
		mutate_bytes(in);
		break;
	default:
		mutate_bytes(in);
		break;
	}
}

static void run_mutations(const struct input *corpus, size_t count, uint8_t *scratch)
{
	for (int i = 0; i < MUTATIONS; i++) {
		const struct input *base = &corpus[random_below(count)];
		struct input in = {base->size, scratch};

		memcpy(scratch, base->data, base->size);
		mutate(&in, &corpus[random_below(count)]);
		run_one(&in);
	}
}

int main(int argc, char **argv)
{
	static struct input corpus[CORPUS_MAX];
	static uint8_t scratch[INPUT_MAX];
	char crash_path[4096];
	size_t count = argc == 2 ? read_corpus(argv[1], corpus) : 0;

	if (count == 0) {
		fprintf(stderr, "usage: %s CORPUS-DIR (with at least one file)\n", argv[0]);
		return 2;
	}
	snprintf(crash_path, sizeof(crash_path), "%s.crash", argv[0]);
	crash_fd = open(crash_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	for (size_t i = 0; i < count; i++)
		run_one(&corpus[i]);
	run_mutations(corpus, count, scratch);
	close(crash_fd);
	remove(crash_path);
	printf("%zu inputs, %d mutations\n", count, MUTATIONS);
	while (count-- > 0)
		free(corpus[count].data);
	return 0;
}
