// SPDX-License-Identifier: GPL-2.0
/*
 * The tables in debugfs have each lock once, however large the pieces are in
 * which they are read, and while locks come and go. They are made while they are
 * read, so no user can make one grow in memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "actor.h"
#include "process.h"

#define TABLES	"/sys/kernel/debug/gil/"
#define MANY	2000

/* A table that has been read, or is being read. */
struct text {
	int fd;
	char *bytes;
	size_t size;
	size_t room;
};

FIXTURE(tables)
{
	struct text locks;
	struct text threads;
	struct gil_page *pages[MANY];
	__u32 numbers[MANY];
};

static bool table_open(struct text *text, const char *path)
{
	text->fd = open(path, O_RDONLY);
	text->size = 0;
	text->room = 1 << 24;
	text->bytes = mmap(NULL, text->room, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return text->fd >= 0 && text->bytes != MAP_FAILED;
}

/* Read one more piece: how much came. */
static ssize_t table_piece(struct text *text, size_t piece)
{
	ssize_t n = read(text->fd, text->bytes + text->size, piece);

	if (n > 0)
		text->size += n;
	return n;
}

static bool table_rest(struct text *text, size_t piece)
{
	ssize_t n;

	do
		n = table_piece(text, piece);
	while (n > 0);
	text->bytes[text->size] = 0;
	return !n;
}

static void table_close(struct text *text)
{
	munmap(text->bytes, text->room);
	close(text->fd);
}

/* How many rows begin with the number. */
static int rows_of(const struct text *text, __u32 number)
{
	const char *line = strchr(text->bytes, '\n');
	int count = 0;

	for (; line && line[1]; line = strchr(line + 1, '\n'))
		count += strtoul(line + 1, NULL, 10) == number;
	return count;
}

/*
 * How many of the numbers, which ascend, the rows have exactly once, provided
 * that the rows ascend too.
 */
static int rows_that_are(const struct text *text, const __u32 *numbers,
			 int count)
{
	const char *line = strchr(text->bytes, '\n');
	long last = -1, number;
	int found = 0;

	for (; line && line[1]; line = strchr(line + 1, '\n')) {
		number = strtol(line + 1, NULL, 10);
		if (number <= last)
			return -1;
		last = number;
		if (found < count && numbers[found] < number)
			return -1;
		found += found < count && numbers[found] == number;
	}
	return found;
}

/* A lock that lives by its mapping alone. */
static struct gil_page *lock_of_a_page(__u32 *number, bool attach)
{
	struct gil_lock_stats stats;
	struct gil_page *page;
	int fd = lock_create(0);

	if (fd < 0)
		return NULL;
	page = lock_stats(fd, &stats) || (attach && lock_attach(fd, NULL)) ?
		NULL : lock_map(fd, PROT_READ | PROT_WRITE);
	*number = stats.lock;
	close(fd);
	return page;
}

static bool locks_make(struct gil_page **pages, __u32 *numbers)
{
	int i;

	for (i = 0; i < MANY; i++) {
		pages[i] = lock_of_a_page(&numbers[i], false);
		if (!pages[i])
			return false;
	}
	return true;
}

FIXTURE_SETUP(tables)
{
	if (access(TABLES "locks", R_OK))
		SKIP(return, "no debugfs, or not root");
	ASSERT_TRUE(table_open(&self->locks, TABLES "locks"));
	ASSERT_TRUE(table_open(&self->threads, TABLES "threads"));
}

NO_TEARDOWN(tables)

/* A reader of many locks finds one that was made after the reader began. */
TEST_F_TIMEOUT(tables, made_while_they_are_read, PATIENCE)
{
	struct gil_page *page;
	__u32 number, gone;

	ASSERT_TRUE(locks_make(self->pages, self->numbers));
	ASSERT_LT(0, table_piece(&self->locks, 1));
	ASSERT_LT(0, table_piece(&self->threads, 1));
	gone = self->numbers[MANY - 1];
	munmap(self->pages[MANY - 1], sizeof(struct gil_page));
	page = lock_of_a_page(&number, true);
	ASSERT_NE(NULL, page);
	ASSERT_TRUE(table_rest(&self->locks, 4096));
	ASSERT_TRUE(table_rest(&self->threads, 4096));
	EXPECT_EQ(MANY - 1, rows_that_are(&self->locks, self->numbers,
					  MANY - 1));
	EXPECT_EQ(0, rows_of(&self->locks, gone));
	EXPECT_EQ(1, rows_of(&self->locks, number));
}

/* Whatever the size of the pieces, each lock is there once. */
TEST_F_TIMEOUT(tables, any_piece, PATIENCE)
{
	static const size_t pieces[] = { 7, 511, 4096, 1 << 20 };
	struct text text;
	size_t i;

	ASSERT_TRUE(locks_make(self->pages, self->numbers));
	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		ASSERT_TRUE(table_open(&text, TABLES "locks"));
		ASSERT_TRUE(table_rest(&text, pieces[i]));
		EXPECT_EQ(MANY, rows_that_are(&text, self->numbers, MANY));
		EXPECT_EQ(1, rows_of(&text, 0));
		table_close(&text);
	}
}

/* Create and end locks, each with a context. */
static int act_churn(struct actor *actor)
{
	struct gil_page *page;
	__u32 number;

	while (!actor->stop) {
		page = lock_of_a_page(&number, true);
		if (!page)
			return ENOMEM;
		munmap(page, sizeof(*page));
		actor->rounds++;
	}
	return 0;
}

TEST_F_TIMEOUT(tables, locks_come_and_go, PATIENCE)
{
	struct actor *actors = actors_new(2);
	struct text text;
	int i;

	ASSERT_TRUE(locks_make(self->pages, self->numbers));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, actor_start_unattached(&actors[i], ACTOR_THREAD,
						    -1));
		actor_begin(&actors[i], act_churn);
	}
	ASSERT_TRUE(UNTIL(actors[0].rounds && actors[1].rounds));
	for (i = 0; i < 10; i++) {
		ASSERT_TRUE(table_open(&text, TABLES "locks"));
		ASSERT_TRUE(table_rest(&text, 100 + 400 * i));
		EXPECT_EQ(MANY, rows_that_are(&text, self->numbers, MANY));
		table_close(&text);
		ASSERT_TRUE(table_open(&text, TABLES "threads"));
		EXPECT_TRUE(table_rest(&text, 4096));
		table_close(&text);
	}
	for (i = 0; i < 2; i++) {
		actors[i].stop = true;
		EXPECT_EQ(0, actor_end(&actors[i]));
		actor_stop(&actors[i]);
	}
}

GIL_TEST_MAIN
