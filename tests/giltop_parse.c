// SPDX-License-Identifier: GPL-2.0
/*
 * How giltop parses the module's tables, good and garbled, and what it computes
 * from two of them. Built with ASan and UBSan, so that a stray access fails.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "../userspace/giltop/row.h"
#include "../userspace/giltop/table.h"

#define COUNTS \
	"fast slow contended handoffs releases io yields drop_requests forced " \
	"deaths timeouts cancels interrupts lazy lazy_returns wait_ns " \
	"wait_max_ns wakeup_ns wakeup_max_ns hold_ns hold_max_ns"
#define LOCKS \
	"lock owner waiting waiting_max threads bound interval_ns grace_ns " \
	"policy " COUNTS " now_ns since_ns\n"
#define THREADS \
	"lock id tgid tid state bind cpu_ns " COUNTS " now_ns since_ns comm\n"

static const char locks[] =
	LOCKS
	"0 0 0 0 0 0 5000000 50000 fifo "
	"0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 17971130 0\n"
	"1 3 1 3 4 4 4000000 60000 io_first "
	"7 853 666 667 852 484 295 301 9 "
	"1 2 3 4 5 6 4301 28 6001 18 9703 246 17972000 17970000\n";

static const char threads[] =
	THREADS
	"1 3 178 189 owner 0x7 742 "
	"8 236 216 217 235 149 86 87 88 1 2 3 4 5 6 1124 25 182 18 1234 27 17983 17976 python3\n"
	"1 2 178 186 queued 0 105 "
	"0 256 224 224 256 134 122 122 122 0 0 0 0 0 0 933 28 245 18 1703 36 17978 17970 a\\040b\\134\\012\n"
	"1 4 178 190 idle 0 105 "
	"0 256 224 224 256 134 122 122 122 0 0 0 0 0 0 933 28 245 18 1703 36 17978 0 \012";

#define set(array, text) snprintf(array, sizeof(array), "%s", text)

/* On the heap in its exact size, so that ASan sees a read beyond the end. */
static char *copy(const char *text, size_t length)
{
	char *heap = malloc(length ? length : 1);

	if (heap)
		memcpy(heap, text, length);
	return heap;
}

/* The rows outlive the text. */
static struct thread_row *parse_threads(const char *text, size_t length,
					size_t *count, char *error)
{
	char *heap = copy(text, length);
	struct thread_row *rows = threads_parse(heap, length, count, error);

	free(heap);
	return rows;
}

TEST(locks_are_read)
{
	char error[TABLE_ERROR_MAX] = "";
	char *heap = copy(locks, strlen(locks));
	struct lock_row *rows;
	size_t count;

	rows = locks_parse(heap, strlen(locks), &count, error);
	free(heap);
	ASSERT_NE(NULL, rows)
		TH_LOG("%s", error);
	ASSERT_EQ(2, count);
	EXPECT_EQ(1, rows[1].lock);
	EXPECT_EQ(3, rows[1].owner);
	EXPECT_EQ(1, rows[1].waiting);
	EXPECT_EQ(3, rows[1].waiting_max);
	EXPECT_EQ(4, rows[1].threads);
	EXPECT_EQ(4000000, rows[1].interval_ns);
	EXPECT_EQ(60000, rows[1].grace_ns);
	EXPECT_STREQ("io_first", rows[1].policy);
	EXPECT_EQ(7, rows[1].figures.counts[COUNT_FAST]);
	EXPECT_EQ(484, rows[1].figures.counts[COUNT_IO]);
	EXPECT_EQ(4301, rows[1].figures.counts[COUNT_WAIT_NS]);
	EXPECT_EQ(9703, rows[1].figures.counts[COUNT_HOLD_NS]);
	EXPECT_EQ(246, rows[1].figures.counts[COUNT_HOLD_MAX_NS]);
	EXPECT_EQ(17972000, rows[1].figures.now_ns);
	EXPECT_EQ(17970000, rows[1].figures.since_ns);
	free(rows);
}

TEST(threads_are_read_and_sorted)
{
	char error[TABLE_ERROR_MAX] = "";
	struct thread_row *rows;
	size_t count;

	rows = parse_threads(threads, strlen(threads), &count, error);
	ASSERT_NE(NULL, rows)
		TH_LOG("%s", error);
	ASSERT_EQ(3, count);
	EXPECT_EQ(2, rows[0].id);
	EXPECT_EQ(3, rows[1].id);
	EXPECT_EQ(4, rows[2].id);
	EXPECT_TRUE(thread_waits(&rows[0]));
	EXPECT_TRUE(thread_owns(&rows[1]));
	EXPECT_FALSE(thread_owns(&rows[2]) || thread_waits(&rows[2]));
	EXPECT_STREQ("a b\\\n", rows[0].comm);
	EXPECT_STREQ("", rows[2].comm);
	EXPECT_EQ(7, rows[1].bind);
	EXPECT_EQ(189, rows[1].tid);
	EXPECT_EQ(742, rows[1].cpu_ns);
	EXPECT_EQ(1124, rows[1].figures.counts[COUNT_WAIT_NS]);
	EXPECT_EQ(1234, rows[1].figures.counts[COUNT_HOLD_NS]);
	free(rows);
}

TEST(columns_go_by_their_names)
{
	static const struct field fields[] = {
		{ "b", FIELD_NUMBER, 0, 8 },
		{ "t", FIELD_TEXT, 8, 8 },
	};
	struct row {
		uint64_t b;
		char t[8];
	};
	struct row *rows;
	char error[TABLE_ERROR_MAX];
	char text[] = "new t other b\nx abcdefghijk y 0x1f\n- \\1 - 18446744073709551615\n";
	size_t count;

	rows = table_parse(text, strlen(text), fields, 2, sizeof(*rows),
			   &count, error);
	ASSERT_NE(NULL, rows);
	ASSERT_EQ(2, count);
	EXPECT_EQ(31, rows[0].b);
	EXPECT_STREQ("abcdefg", rows[0].t);
	EXPECT_EQ(UINT64_MAX, rows[1].b);
	EXPECT_STREQ("\\1", rows[1].t);
	free(rows);
}

TEST(what_is_no_table_is_refused)
{
	static const char *const garbled[] = {
		"",
		"\n",
		"a",
		"a b",
		"a\n1\n",
		"c\n1\n",
		"a b\n1\n",
		"a b\n1 2 3\n",
		"a b\n1 2",
		"a b\n1 2\n3",
		"a b\n\n",
		"a b\n1  2\n",
		"a b\n 1 2\n",
		"a b\n-1 2\n",
		"a b\n+1 2\n",
		"a b\n1x 2\n",
		"a b\n0x 2\n",
		"a b\n0x-1 2\n",
		"a b\n1.5 2\n",
		"a b\n18446744073709551616 2\n",
		"a b\n1 two\n",
		"a b\r\n1 2\r\n",
		"A B\n1 2\n",
		"not a table at all, but a line of words\n",
	};
	static const struct field fields[] = {
		{ "a", FIELD_NUMBER, 0, 8 },
		{ "b", FIELD_NUMBER, 8, 8 },
	};
	char error[TABLE_ERROR_MAX];
	size_t count;

	for (size_t i = 0; i < sizeof(garbled) / sizeof(*garbled); i++) {
		size_t length = strlen(garbled[i]);
		char *text = copy(garbled[i], length);
		void *rows;

		error[0] = '\0';
		count = 1;
		rows = table_parse(text, length, fields, 2, 16, &count, error);
		EXPECT_EQ(NULL, rows)
			TH_LOG("taken: '%s'", garbled[i]);
		EXPECT_EQ(0, count);
		EXPECT_NE('\0', error[0]);
		free(rows);
		free(text);
	}
}

TEST(nul_bytes_and_too_many_columns_are_refused)
{
	static const struct field field = { "a", FIELD_NUMBER, 0, 8 };
	char error[TABLE_ERROR_MAX];
	char nul[] = "a b\n1 \0\n", many[1024] = "a";
	size_t count;

	EXPECT_EQ(NULL, table_parse(nul, sizeof(nul) - 1, &field, 1, 8, &count,
				    error));
	for (int i = 0; i < 200; i++)
		strcat(many, " b");
	strcat(many, "\n");
	EXPECT_EQ(NULL, table_parse(many, strlen(many), &field, 1, 8, &count,
				    error));
}

/* A table that is cut, or has a byte changed, is read or refused. */
TEST(damaged_tables_do_no_harm)
{
	static const char bytes[] = { 0, ' ', '\n', '\\', '9', 'x', '\377' };
	char text[sizeof(threads)], error[TABLE_ERROR_MAX];
	size_t whole = 0, length = strlen(threads), count;

	for (size_t cut = 0; cut < length; cut++) {
		struct thread_row *rows =
			parse_threads(threads, cut, &count, error);

		EXPECT_EQ(!rows, !cut || threads[cut - 1] != '\n');
		whole += rows ? 1 : 0;
		free(rows);
	}
	/* A cut after the header or after a row leaves a whole table. */
	EXPECT_EQ(3, whole);
	for (size_t at = 0; at < length; at++) {
		for (size_t i = 0; i < sizeof(bytes); i++) {
			memcpy(text, threads, length);
			text[at] = bytes[i];
			free(parse_threads(text, length, &count, error));
		}
	}
}

FIXTURE(view)
{
	struct lock_row lock[2];
	struct thread_row thread[2][2];
	struct snapshot before, after;
	struct view view;
};

/*
 * One lock in the second from 10 s to 11 s. Since 9.6 s thread 1 has owned it and
 * thread 2 has waited for it.
 */
FIXTURE_SETUP(view)
{
	static const uint64_t second = 1000000000;

	for (int i = 0; i < 2; i++) {
		struct figures figures = {
			.now_ns = (10 + (uint64_t)i) * second,
			.since_ns = 9600000000,
		};

		self->lock[i] = (struct lock_row){
			.lock = 5, .owner = 1, .waiting = 1, .threads = 2,
			.policy = "fifo", .figures = figures,
		};
		self->thread[i][0] = (struct thread_row){
			.lock = 5, .id = 1, .tgid = 100, .tid = 101,
			.state = "owner", .comm = "one", .figures = figures,
		};
		self->thread[i][1] = (struct thread_row){
			.lock = 5, .id = 2, .tgid = 100, .tid = 102,
			.state = "queued", .comm = "two", .figures = figures,
		};
	}
	self->before = (struct snapshot){
		10 * second, &self->lock[0], 1, self->thread[0], 2,
	};
	self->after = (struct snapshot){
		11 * second, &self->lock[1], 1, self->thread[1], 2,
	};
}

FIXTURE_TEARDOWN(view)
{
	view_free(&self->view);
}

static bool near(double a, double b)
{
	return fabs(a - b) < 0.000001;
}

TEST_F(view, what_lasts_counts)
{
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_TRUE(near(1, self->view.locks[0].held));
	EXPECT_EQ(&self->thread[1][0], self->view.locks[0].owner);
	EXPECT_TRUE(near(1, self->view.threads[0].hold));
	EXPECT_TRUE(near(0, self->view.threads[0].wait));
	EXPECT_TRUE(near(1, self->view.threads[1].wait));
	EXPECT_TRUE(near(0, self->view.threads[1].hold));
	EXPECT_TRUE(near(0, self->view.threads[1].away));
}

/* Half a second of the old hold was left; the new one is as long. */
TEST_F(view, what_ended_counts_from_the_beginning)
{
	struct figures *one = &self->thread[1][0].figures;
	struct figures *two = &self->thread[1][1].figures;

	one->counts[COUNT_HOLD_NS] = 650000000;
	one->counts[COUNT_RELEASES] = 1;
	one->counts[COUNT_IO] = 1;
	one->since_ns = 0;
	set(self->thread[1][0].state, "idle");
	two->counts[COUNT_WAIT_NS] = 650000000;
	two->counts[COUNT_CONTENDED] = 1;
	two->counts[COUNT_SLOW] = 1;
	two->since_ns = 10250000000;
	set(self->thread[1][1].state, "owner");
	self->lock[1].owner = 2;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_TRUE(near(0.25, self->view.threads[0].hold));
	EXPECT_TRUE(near(0.75, self->view.threads[0].away));
	EXPECT_TRUE(near(1, self->view.threads[0].rates.io_releases));
	EXPECT_TRUE(near(0.25, self->view.threads[1].wait));
	EXPECT_TRUE(near(0.75, self->view.threads[1].hold));
	EXPECT_TRUE(near(1, self->view.threads[1].rates.switches));
	EXPECT_TRUE(near(1, self->view.threads[1].rates.acquires));
}

TEST_F(view, a_wait_given_up_is_not_negative)
{
	set(self->thread[1][1].state, "idle");
	self->thread[1][1].figures.since_ns = 0;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_TRUE(near(0, self->view.threads[1].wait));
	EXPECT_TRUE(near(1, self->view.threads[1].away));
}

/* Another thread has got the number, so all of its counts are new. */
TEST_F(view, a_number_used_again_is_another_thread)
{
	struct thread_row *row = &self->thread[1][0];

	self->thread[0][0].figures.counts[COUNT_SLOW] = 1000;
	self->thread[0][0].figures.counts[COUNT_HOLD_NS] = 1000000000;
	row->figures.counts[COUNT_SLOW] = 3;
	row->figures.counts[COUNT_HOLD_NS] = 100000000;
	row->figures.since_ns = 10900000000;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_TRUE(near(3, self->view.threads[0].rates.acquires));
	EXPECT_TRUE(near(0.2, self->view.threads[0].hold));

	view_free(&self->view);
	self->thread[0][0].figures.counts[COUNT_SLOW] = 0;
	self->thread[0][0].figures.counts[COUNT_HOLD_NS] = 0;
	row->tid = 999;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_TRUE(near(0.2, self->view.threads[0].hold));
	EXPECT_TRUE(near(0, self->view.threads[0].cpu));
}

TEST_F(view, threads_and_locks_come_and_go)
{
	self->before.thread_count = 1;
	self->thread[1][1].figures.counts[COUNT_CONTENDED] = 5;
	self->thread[1][1].figures.since_ns = 10500000000;
	self->lock[1].lock = 6;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_TRUE(near(5, self->view.threads[1].rates.switches));
	EXPECT_TRUE(near(0.5, self->view.threads[1].wait));
	EXPECT_EQ(NULL, view_lock(&self->view, 5));
	EXPECT_NE(NULL, view_lock(&self->view, 6));
	/* Its owner ended before the threads were read. */
	EXPECT_EQ(NULL, view_lock(&self->view, 6)->owner);
	view_free(&self->view);
	self->after.thread_count = 0;
	self->after.lock_count = 0;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_EQ(0, self->view.thread_count);
}

TEST_F(view, no_time_at_all_gives_numbers)
{
	self->before = self->after;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	for (size_t i = 0; i < 2; i++) {
		EXPECT_TRUE(near(0, self->view.threads[i].hold));
		EXPECT_TRUE(near(0, self->view.threads[i].away));
		EXPECT_TRUE(near(0, self->view.threads[i].rates.switches));
	}
}

/* Giltop cannot know whether a thread holds the lock by the fast path. */
TEST_F(view, the_fast_path_is_not_known)
{
	for (int i = 0; i < 2; i++) {
		self->lock[i].figures.since_ns = 0;
		self->lock[i].waiting = 0;
		self->thread[i][0].figures.since_ns = 0;
		set(self->thread[i][1].state, "idle");
		self->thread[i][1].figures.since_ns = 0;
	}
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_TRUE(self->view.locks[0].fast);
	EXPECT_FALSE(self->view.threads[0].away_known);
	/* A bound thread never takes that path. */
	view_free(&self->view);
	self->thread[1][1].bind = 1;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	EXPECT_TRUE(self->view.threads[1].away_known);
}

TEST_F(view, sorting)
{
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	view_sort(&self->view, SORT_WAIT, false);
	EXPECT_EQ(102, self->view.threads[0].row->tid);
	view_sort(&self->view, SORT_WAIT, true);
	EXPECT_EQ(101, self->view.threads[0].row->tid);
	view_sort(&self->view, SORT_TID, false);
	EXPECT_EQ(101, self->view.threads[0].row->tid);
	/* Equal rows are sorted by lock and id. */
	view_sort(&self->view, SORT_IO, false);
	EXPECT_EQ(101, self->view.threads[0].row->tid);
	EXPECT_EQ(SORT_AWAY, sort_find("away"));
	EXPECT_EQ(SORT_KEYS, sort_find("nonsense"));
}

struct picture {
	int width;
	int lines;
	int bad;
};

static void look_at(void *to, const struct line *line)
{
	struct picture *picture = to;
	size_t length = strlen(line->text);

	picture->lines++;
	picture->bad += length > (size_t)picture->width;
	for (size_t i = 0; i < length; i++)
		picture->bad += line->text[i] < ' ' || line->text[i] > '~';
	picture->bad += line->bar_width && length &&
			line->bar + line->bar_width > picture->width;
}

TEST_F(view, lines_fit_any_terminal)
{
	struct look look = { .delay_ns = 1000000000 };
	struct thread_row *row = &self->thread[1][1];

	set(row->comm, "\033[2J\t\n\377\377\001wide name of a thread");
	row->tid = UINT64_MAX;
	row->tgid = UINT64_MAX;
	row->lock = UINT64_MAX;
	self->lock[1].waiting = UINT64_MAX;
	row->figures.counts[COUNT_CONTENDED] = UINT64_MAX;
	ASSERT_TRUE(view_make(&self->view, &self->before, &self->after));
	for (int one = 0; one < 2; one++) {
		for (int width = 1; width <= LINE_MAX_WIDTH; width++) {
			for (int height = 0; height < 14; height++) {
				struct picture picture = { .width = width };

				look.one_lock = one;
				look.lock = 5;
				look.width = width;
				look.height = height;
				screen_draw(&self->view, &look, look_at,
					    &picture);
				ASSERT_EQ(0, picture.bad);
				if (height)
					ASSERT_GE(height, picture.lines);
			}
		}
	}
}

TEST(ten_thousand_threads)
{
	static const int many = 10000;
	struct snapshot snapshot = { 0 };
	struct look look = { .width = 80, .height = 24 };
	struct picture picture = { .width = 80 };
	char error[TABLE_ERROR_MAX] = "";
	size_t size = 300 * (size_t)many, at;
	char *text = malloc(size);
	struct view view;

	ASSERT_NE(NULL, text);
	at = (size_t)snprintf(text, size, "%s", THREADS);
	for (int i = many; i > 0; i--)
		at += (size_t)snprintf(text + at, size - at,
				       "1 %d 7 %d queued 0 9 0 1 2 3 4 5 6 7 8 9 1 2 3 4 5 6 7 8 9 1 2 900 %d n%d\n",
				       i, i + 10, i % 800 + 1, i);
	snapshot.threads = threads_parse(text, at, &snapshot.thread_count,
					 error);
	ASSERT_NE(NULL, snapshot.threads)
		TH_LOG("%s", error);
	EXPECT_EQ(many, snapshot.thread_count);
	EXPECT_EQ(4011, snapshot_thread(&snapshot, 1, 4001)->tid);
	EXPECT_EQ(NULL, snapshot_thread(&snapshot, 2, 4001));
	ASSERT_TRUE(view_make(&view, &snapshot, &snapshot));
	view_sort(&view, SORT_TID, true);
	EXPECT_EQ(many + 10, view.threads[0].row->tid);
	screen_draw(&view, &look, look_at, &picture);
	EXPECT_EQ(24, picture.lines);
	EXPECT_EQ(0, picture.bad);
	look.skip = many - 3;
	look.height = 0;
	picture.lines = 0;
	screen_draw(&view, &look, look_at, &picture);
	/* A title, the locks' head, the threads' head and three threads. */
	EXPECT_EQ(6, picture.lines);
	view_free(&view);
	snapshot_free(&snapshot);
	free(text);
}

TEST(rates_fit_their_columns)
{
	char cell[CELL_MAX];

	for (double rate = 0; rate < 1e19; rate = rate * 1.01 + 0.001) {
		text_rate(cell, rate);
		ASSERT_GE(5, strlen(cell))
			TH_LOG("%g is %s", rate, cell);
	}
	text_rate(cell, 9.94);
	EXPECT_STREQ("9.9", cell);
	text_rate(cell, 12345);
	EXPECT_STREQ("12345", cell);
	text_rate(cell, 1234567);
	EXPECT_STREQ("1235k", cell);
	text_time(cell, 4900000);
	EXPECT_STREQ("4.9ms", cell);
}

TEST(bars_are_whole)
{
	char bar[21];

	for (int first = 0; first <= 20; first++) {
		for (int second = 0; first + second <= 20; second++) {
			memset(bar, 0, sizeof(bar));
			text_bar(bar, 20, first / 20.0, second / 20.0, '.');
			ASSERT_EQ(20, strlen(bar));
			ASSERT_EQ((size_t)first, strspn(bar, "#"));
			ASSERT_EQ((size_t)second, strspn(bar + first, "="));
		}
	}
	text_bar(bar, 20, 1, 1, '.');
	EXPECT_EQ(20, strspn(bar, "#"));
}

TEST_HARNESS_MAIN
