/* dict_memory.c - the lock of a shared dictionary, its blocks, and bytes in chains of them. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include "plugins/shared/dict_fault.h"
#include "plugins/shared/dict_impl.h"
#include "protocol/err.h"

#define MAGIC ((uint64_t)0x4f75744469637431) /* another one for another layout */
#define LINK sizeof(uint32_t)                /* how a block that is not the first begins */
#define BLOCKS_MAX ((uint64_t)UINT32_MAX - 1)
#define PATIENCE 2 /* seconds for the lock, which is held for microseconds */

#ifdef OUTRIGGER_FAULTS
void (*dict_fault_hook)(enum dict_fault fault);

void dict_fault_hit(enum dict_fault fault)
{
	if (dict_fault_hook != NULL)
		dict_fault_hook(fault);
}
#endif

/* ---- the memory's parts ---- */

/* As many buckets as blocks, rounded down to a power of two. */
static uint32_t buckets_for(uint64_t blocks)
{
	uint32_t n = 1;

	while ((uint64_t)n * 2 <= blocks)
		n *= 2;
	return n;
}

static size_t round_up(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

static void lay_out(struct dict *d, void *memory, size_t size)
{
	size_t head = round_up(sizeof(struct dict_head), DICT_BLOCK);
	uint64_t blocks = (size - head - DICT_BLOCK) / (DICT_BLOCK + sizeof(uint32_t));
	uint32_t buckets;

	if (blocks > BLOCKS_MAX)
		blocks = BLOCKS_MAX;
	buckets = buckets_for(blocks);
	d->head = memory;
	d->buckets = (uint32_t *)((unsigned char *)memory + head);
	d->bucket_mask = buckets - 1;
	d->blocks =
		(unsigned char *)memory + head + round_up(buckets * sizeof(uint32_t), DICT_BLOCK);
	d->block_count = (uint32_t)blocks;
	d->size = size;
}

static int make_mutex(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;
	int rc = pthread_mutexattr_init(&attr);

	if (rc != 0)
		return -E_IO;
	rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (rc == 0)
		rc = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (rc == 0)
		rc = pthread_mutex_init(mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return rc == 0 ? 0 : -E_IO;
}

static void empty_head(struct dict *d)
{
	struct dict_head *head = d->head;

	head->free_first = 0;
	head->fresh = 1;
	head->free_count = d->block_count - 1;
	head->newest = head->oldest = head->items = 0;
	head->is_changing = 0;
}

void dict_empty(struct dict *d)
{
	memset(d->buckets, 0, ((size_t)d->bucket_mask + 1) * sizeof(uint32_t));
	empty_head(d);
}

/* Of the rest nothing is touched, so that what is not used takes no memory. */
int dict_format(void *memory, size_t size)
{
	struct dict d = {0};
	int rc;

	lay_out(&d, memory, size);
	rc = make_mutex(&d.head->mutex);
	if (rc == 0 && getrandom(&d.head->seed, sizeof(d.head->seed), 0) < 0)
		rc = -E_IO;
	if (rc != 0)
		return rc;
	empty_head(&d);
	d.head->magic = d.head->magic_again = MAGIC;
	return 0;
}

struct dict *dict_create(void *memory, size_t size)
{
	struct dict *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	lay_out(d, memory, size);
	d->seed = d->head->seed;
	return d;
}

void dict_destroy(struct dict *d)
{
	free(d);
}

size_t dict_capacity(const struct dict *d)
{
	return d->size;
}

uint64_t dict_take_emptied(struct dict *d)
{
	uint64_t n = d->emptied;

	d->emptied = 0;
	return n;
}

/* ---- the lock ---- */

static void start_anew(struct dict *d)
{
	dict_empty(d);
	d->is_damaged = false;
	d->emptied++;
}

/* Its owner has died. What it was about to change may be half done; what was at rest is looked at. */
static void recover(struct dict *d)
{
	pthread_mutex_consistent(&d->head->mutex);
	if (d->head->is_changing || !dict_is_sound(d))
		start_anew(d);
}

static uint64_t milliseconds(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000 + (uint64_t)t->tv_nsec / 1000000;
}

/* Not for ever: its owner may be stopped, or the lock be rubbish. */
enum dict_result dict_enter(struct dict *d)
{
	struct timespec until;
	int rc;

	if (d->head->magic != MAGIC || d->head->magic_again != MAGIC)
		return DICT_UNUSABLE;
	clock_gettime(CLOCK_MONOTONIC, &until);
	d->now = milliseconds(&until);
	until.tv_sec += PATIENCE;
	rc = pthread_mutex_clocklock(&d->head->mutex, CLOCK_MONOTONIC, &until);
	if (rc == EOWNERDEAD)
		recover(d);
	else if (rc != 0)
		return DICT_UNUSABLE;
	DICT_FAULT(LOCKED);
	return DICT_OK;
}

void dict_leave(struct dict *d)
{
	if (d->is_damaged)
		start_anew(d);
	atomic_signal_fence(memory_order_seq_cst);
	d->head->is_changing = 0;
	DICT_FAULT(CHANGED);
	pthread_mutex_unlock(&d->head->mutex);
	DICT_FAULT(UNLOCKED);
}

/* Against the compiler's reordering: a process that is killed has written all that is before. */
void dict_change(struct dict *d)
{
	if (d->head->is_changing)
		return;
	d->head->is_changing = 1;
	atomic_signal_fence(memory_order_seq_cst);
	DICT_FAULT(CHANGING);
}

/* ---- blocks ---- */

uint32_t dict_number(struct dict *d, uint32_t number)
{
	if (number < d->block_count)
		return number;
	d->is_damaged = true;
	return 0;
}

static unsigned char *block_at(struct dict *d, uint32_t number)
{
	return d->blocks + (size_t)dict_number(d, number) * DICT_BLOCK;
}

static uint32_t *next_of(struct dict *d, uint32_t number)
{
	return (uint32_t *)block_at(d, number);
}

struct dict_item *dict_item(struct dict *d, uint32_t number)
{
	return (struct dict_item *)block_at(d, number);
}

struct dict_element *dict_element(struct dict *d, uint32_t number)
{
	return (struct dict_element *)block_at(d, number);
}

size_t dict_blocks_for(const struct dict *d, size_t header, size_t len)
{
	size_t first = DICT_BLOCK - header, each = DICT_BLOCK - LINK;

	if (len > d->size)
		return (size_t)d->block_count + 1;
	return len <= first ? 1 : 1 + (len - first + each - 1) / each;
}

bool dict_has_room(const struct dict *d, size_t blocks)
{
	return blocks <= d->head->free_count;
}

static uint32_t take_block(struct dict *d)
{
	struct dict_head *head = d->head;
	uint32_t number = head->free_first;

	if (number != 0) {
		number = dict_number(d, number);
		head->free_first = *next_of(d, number);
	} else {
		number = dict_number(d, head->fresh);
		head->fresh = number + 1;
	}
	head->free_count--;
	DICT_FAULT(BLOCK_TAKEN);
	return number;
}

uint32_t dict_take_blocks(struct dict *d, size_t n)
{
	uint32_t first = 0;

	for (; n > 0; n--) {
		uint32_t number = take_block(d);

		*next_of(d, number) = first;
		first = number;
	}
	return first;
}

void dict_give_blocks(struct dict *d, uint32_t first, size_t n)
{
	uint32_t last = first;

	if (n > d->block_count || dict_number(d, first) == 0) {
		d->is_damaged = true;
		return;
	}
	for (size_t i = 1; i < n; i++)
		last = *next_of(d, last);
	*next_of(d, last) = d->head->free_first;
	d->head->free_first = first;
	d->head->free_count += (uint32_t)n;
	DICT_FAULT(BLOCKS_GIVEN);
}

/* ---- bytes ---- */

struct dict_cursor dict_bytes_of(uint32_t block, size_t header)
{
	return (struct dict_cursor){block, header};
}

/* The next piece of at most n bytes; *n becomes its length. */
static unsigned char *take_piece(struct dict *d, struct dict_cursor *c, size_t *n)
{
	unsigned char *bytes;

	if (c->at == DICT_BLOCK) {
		c->block = *next_of(d, c->block);
		c->at = LINK;
	}
	bytes = block_at(d, c->block) + c->at;
	if (*n > DICT_BLOCK - c->at)
		*n = DICT_BLOCK - c->at;
	c->at += *n;
	return bytes;
}

void dict_skip(struct dict *d, struct dict_cursor *c, size_t n)
{
	for (size_t piece = n; n > 0; n -= piece, piece = n)
		take_piece(d, c, &piece);
}

void dict_read(struct dict *d, struct dict_cursor *c, void *to, size_t n)
{
	unsigned char *bytes = to;

	for (size_t piece = n; n > 0; n -= piece, piece = n) {
		const unsigned char *from = take_piece(d, c, &piece);

		memcpy(bytes, from, piece);
		bytes += piece;
	}
}

void dict_write(struct dict *d, struct dict_cursor *c, const void *from, size_t n)
{
	const unsigned char *bytes = from;

	for (size_t piece = n; n > 0; n -= piece, piece = n) {
		unsigned char *to = take_piece(d, c, &piece);

		memcpy(to, bytes, piece);
		bytes += piece;
	}
}

bool dict_matches(struct dict *d, struct dict_cursor *c, const void *bytes, size_t n)
{
	const unsigned char *wanted = bytes;

	for (size_t piece = n; n > 0; n -= piece, piece = n) {
		const unsigned char *found = take_piece(d, c, &piece);

		if (memcmp(found, wanted, piece) != 0)
			return false;
		wanted += piece;
	}
	return true;
}
