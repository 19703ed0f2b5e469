// SPDX-License-Identifier: GPL-2.0
/*
 * Statistics: counts are exact, times lie between what the test measures inside
 * and outside, histograms add up, and ioctls, fdinfo and debugfs agree.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "main.h"
#include "stage.h"

#define DEBUGFS	"/sys/kernel/debug/gil/"

STAGE_FIXTURE(stats)

STAGE_SETUP(stats, 1, ACTOR_THREAD, GIL_INTERVAL_MAX_NS)

/* The sum of a histogram's buckets. */
static __u64 hist_sum(const struct gil_times *times)
{
	__u64 sum = 0;
	int i;

	for (i = 0; i < GIL_HIST_BUCKETS; i++)
		sum += times->hist[i];
	return sum;
}

/* Does the total lie between what the buckets allow at least and at most? */
static bool hist_holds(const struct gil_times *times)
{
	__u64 least = 0, most = 0;
	int i, last = -1;

	for (i = 0; i < GIL_HIST_BUCKETS; i++) {
		least += i ? times->hist[i] << i : 0;
		most += times->hist[i] * ((2ULL << i) - 1);
		if (times->hist[i])
			last = i;
	}
	if (last == GIL_HIST_BUCKETS - 1)
		return times->total_ns >= least;
	return least <= times->total_ns && times->total_ns <= most &&
	       (last < 0 ? !times->max_ns : times->max_ns < 2ULL << last);
}

#define EXPECT_TIMES(times, n)						\
	do {								\
		EXPECT_EQ(n, (times)->count);				\
		EXPECT_EQ(n, hist_sum(times));				\
		EXPECT_TRUE(hist_holds(times));				\
		EXPECT_LE((times)->max_ns, (times)->total_ns);		\
		EXPECT_LT((times)->max_ns, now_ns());			\
	} while (0)

#define COUNT(member, column) { column, offsetof(struct gil_counts, member) }

/* The counts, and their columns in debugfs. */
static const struct {
	const char *column;
	size_t offset;
} counted[] = {
	COUNT(fast_acquires, "fast"), COUNT(slow_acquires, "slow"),
	COUNT(contended, "contended"), COUNT(handoffs, "handoffs"),
	COUNT(releases, "releases"), COUNT(io_releases, "io"),
	COUNT(yields, "yields"), COUNT(drop_requests, "drop_requests"),
	COUNT(forced_switches, "forced"), COUNT(owner_deaths, "deaths"),
	COUNT(timeouts, "timeouts"), COUNT(cancels, "cancels"),
	COUNT(interrupts, "interrupts"), COUNT(lazy_releases, "lazy"),
	COUNT(lazy_returns, "lazy_returns"),
	COUNT(wait.total_ns, "wait_ns"), COUNT(wait.max_ns, "wait_max_ns"),
	COUNT(wakeup.total_ns, "wakeup_ns"),
	COUNT(wakeup.max_ns, "wakeup_max_ns"),
	COUNT(hold.total_ns, "hold_ns"), COUNT(hold.max_ns, "hold_max_ns"),
};

/* The times come last. */
#define TIMES	6

static __u64 count_of(const struct gil_counts *counts, unsigned int i)
{
	return *(const __u64 *)((const char *)counts + counted[i].offset);
}

#define EXPECT_COUNTS(counts, ...)					\
	do {								\
		const struct gil_counts want = { __VA_ARGS__ };		\
		const struct gil_counts seen = (counts);		\
		unsigned int n;						\
									\
		for (n = 0; n < ARRAY_SIZE(counted) - TIMES; n++) {	\
			EXPECT_EQ(count_of(&want, n), count_of(&seen, n)) \
				TH_LOG("%s", counted[n].column);	\
		}							\
		EXPECT_EQ(0, seen.reserved[0]);				\
		EXPECT_TIMES(&seen.wait, want.contended);		\
		EXPECT_TIMES(&seen.wakeup, want.contended);		\
		EXPECT_TIMES(&seen.hold, want.releases);		\
	} while (0)

TEST_F_TIMEOUT(stats, untouched, PATIENCE)
{
	struct gil_thread_stats thread;
	struct gil_lock_stats lock;

	memset(&lock, 0xcc, sizeof(lock));
	memset(&thread, 0xcc, sizeof(thread));
	ASSERT_EQ(0, lock_stats(self->fd, &lock));
	ASSERT_EQ(0, thread_stats(self->fd, 0, &thread));
	EXPECT_COUNTS(lock.counts, 0);
	EXPECT_COUNTS(thread.counts, 0);
	EXPECT_EQ(2, lock.threads);
	EXPECT_EQ(0, lock.waiting_max);
}

TEST_F_TIMEOUT(stats, uncontended, PATIENCE)
{
	int i;

	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		ASSERT_EQ(0, lock_release(self->fd,
					  i < 3 ? GIL_RELEASE_IO : 0));
	}
	EXPECT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_COUNTS(lock_counts(self->fd), .slow_acquires = 11,
		      .releases = 10, .io_releases = 3);
	EXPECT_COUNTS(thread_counts(self->fd, 0), .slow_acquires = 11,
		      .releases = 10, .io_releases = 3);
}

/* The kernel learns of a fast owner by its release, and counts that. */
TEST_F_TIMEOUT(stats, fast_then_released, PATIENCE)
{
	ASSERT_TRUE(fast_acquire(self->page, self->id));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_COUNTS(lock_counts(self->fd), .releases = 1);
}

/* A program that uses the fast path counts its acquires itself. */
TEST_F_TIMEOUT(stats, fast_path, PATIENCE)
{
	struct gil_attach attach = {
		.fast_acquires = 5,
		.fast_io_releases = 2,
	};
	int i;

	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(fast_acquire(self->page, self->id));
		self->page->fast_acquires++;
		self->page->fast_io_releases += i < 2;
		ASSERT_TRUE(fast_release(self->page, self->id));
	}
	ASSERT_EQ(0, lock_ioctl(self->fd, GIL_IOC_ATTACH, &attach));
	EXPECT_COUNTS(lock_counts(self->fd), .fast_acquires = 5,
		      .io_releases = 2);
	EXPECT_COUNTS(thread_counts(self->fd, 0), .fast_acquires = 5,
		      .io_releases = 2);
}

TEST_F_TIMEOUT(stats, contended, PATIENCE)
{
	struct gil_counts ours, theirs;
	struct gil_lock_stats lock;
	int i;

	for (i = 0; i < 7; i++) {
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		ASSERT_TRUE(actor_queue_by(self->a, act_turn));
		ASSERT_EQ(0, lock_release(self->fd, 0));
		ASSERT_EQ(0, actor_end(self->a));
	}
	ASSERT_EQ(0, lock_stats(self->fd, &lock));
	ours = thread_counts(self->fd, 0);
	theirs = thread_counts(self->fd, self->a->id);
	EXPECT_COUNTS(lock.counts, .slow_acquires = 14, .releases = 14,
		      .contended = 7, .handoffs = 7);
	EXPECT_COUNTS(ours, .slow_acquires = 7, .releases = 7);
	EXPECT_COUNTS(theirs, .slow_acquires = 7, .releases = 7,
		      .contended = 7, .handoffs = 7);
	EXPECT_EQ(1, lock.waiting_max);
	EXPECT_EQ(lock.counts.hold.total_ns,
		  ours.hold.total_ns + theirs.hold.total_ns);
	EXPECT_EQ(lock.counts.wait.total_ns, theirs.wait.total_ns);
}

TEST_F_TIMEOUT(stats, ways_out_of_the_queue, PATIENCE)
{
	int i;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
		ASSERT_EQ(0, actor_do(self->a, act_cancel));
	}
	self->a->flags = GIL_ACQUIRE_DEADLINE;
	for (i = 0; i < 2; i++)
		EXPECT_EQ(ETIMEDOUT, actor_do(self->a, act_acquire));
	EXPECT_EQ(EBUSY, actor_do(self->a, act_try));
	EXPECT_COUNTS(lock_counts(self->fd), .slow_acquires = 1, .cancels = 3,
		      .timeouts = 2);
	EXPECT_COUNTS(thread_counts(self->fd, self->a->id), .cancels = 3,
		      .timeouts = 2);
}

TEST_F_TIMEOUT(stats, yield, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(0, lock_yield(self->fd));
	ASSERT_TRUE(actor_queue_by(self->a, act_turn));
	EXPECT_EQ(0, lock_yield(self->fd));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_COUNTS(lock_counts(self->fd), .slow_acquires = 3, .releases = 3,
		      .contended = 2, .handoffs = 2, .yields = 1);
	EXPECT_COUNTS(thread_counts(self->fd, 0), .slow_acquires = 2,
		      .releases = 2, .contended = 1, .handoffs = 1,
		      .yields = 1);
	EXPECT_COUNTS(thread_counts(self->fd, self->a->id), .slow_acquires = 1,
		      .releases = 1, .contended = 1, .handoffs = 1);
}

TEST_F_TIMEOUT(stats, death, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	actor_stop(self->a);
	ASSERT_TRUE(until_threads(self->fd, 1));
	EXPECT_EQ(EOWNERDEAD, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(1, lock_counts(self->fd).owner_deaths);
	EXPECT_EQ(0, thread_counts(self->fd, 0).owner_deaths);
	EXPECT_EQ(1, lock_counts(self->fd).releases);
	EXPECT_EQ(2, lock_counts(self->fd).slow_acquires);
}

/* The hold lies between two times that the test measures. */
TEST_F_TIMEOUT(stats, hold_time, PATIENCE)
{
	struct gil_lock_stats lock;
	__u64 inside, outside;

	outside = now_ns();
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	inside = now_ns();
	usleep(5000);
	inside = now_ns() - inside;
	ASSERT_EQ(0, lock_release(self->fd, 0));
	outside = now_ns() - outside;
	ASSERT_EQ(0, lock_stats(self->fd, &lock));
	EXPECT_LE(inside, lock.counts.hold.total_ns);
	EXPECT_GE(outside, lock.counts.hold.total_ns);
	EXPECT_EQ(lock.counts.hold.max_ns, lock.counts.hold.total_ns);
}

TEST_F_TIMEOUT(stats, wait_and_wakeup_time, PATIENCE)
{
	__u64 asked, queued, released, came_back;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	asked = now_ns();
	ASSERT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
	queued = now_ns();
	usleep(5000);
	queued = now_ns() - queued;
	ASSERT_EQ(0, lock_release(self->fd, 0));
	released = now_ns();
	asked = released - asked;
	usleep(5000);
	came_back = now_ns() - released;
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_LE(queued, lock_counts(self->fd).wait.total_ns);
	EXPECT_GE(asked, lock_counts(self->fd).wait.total_ns);
	EXPECT_LE(came_back, lock_counts(self->fd).wakeup.total_ns);
}

/* "name=value" in a line of fdinfo; ~0 if it is not there. */
static __u64 field(const char *line, const char *name)
{
	size_t len = strlen(name);
	const char *at = line;

	while ((at = strstr(at, name))) {
		if ((at == line || at[-1] == ' ' || at[-1] == '\t') &&
		    at[len] == '=')
			return strtoull(at + len + 1, NULL, 10);
		at += len;
	}
	return ~0ULL;
}

static bool fdinfo_agrees(const char *line, const struct gil_counts *counts)
{
	return field(line, "fast") == counts->fast_acquires &&
	       field(line, "slow") == counts->slow_acquires &&
	       field(line, "contended") == counts->contended &&
	       field(line, "handoffs") == counts->handoffs &&
	       field(line, "io") == counts->io_releases &&
	       field(line, "yields") == counts->yields &&
	       field(line, "forced") == counts->forced_switches &&
	       field(line, "deaths") == counts->owner_deaths &&
	       field(line, "wait_ns") == counts->wait.total_ns &&
	       field(line, "hold_ns") == counts->hold.total_ns;
}

/* Do a bit of everything, so that few counts are equal by chance. */
static int live_through_all(int fd, struct actor *a)
{
	int err = 0, i;

	for (i = 0; i < 5; i++) {
		err = err ?: lock_acquire(fd, 0, 0);
		err = err ?: lock_release(fd, i < 2 ? GIL_RELEASE_IO : 0);
	}
	err = err ?: lock_acquire(fd, 0, 0);
	actor_begin(a, act_turn);
	until_state(fd, a->id, GIL_STATE_QUEUED);
	err = err ?: lock_yield(fd);
	err = err ?: actor_end(a);
	if (actor_do(a, act_enqueue) != EINPROGRESS)
		err = err ?: EPROTO;
	return err ?: actor_do(a, act_cancel);
}

TEST_F_TIMEOUT(stats, fdinfo, PATIENCE)
{
	struct gil_thread_stats ours, theirs;
	int lines_lock = 0, lines_thread = 0;
	struct gil_lock_stats lock;
	char path[64], line[512];
	FILE *file;

	ASSERT_EQ(0, live_through_all(self->fd, self->a));
	ASSERT_EQ(0, lock_stats(self->fd, &lock));
	ASSERT_EQ(0, thread_stats(self->fd, 0, &ours));
	ASSERT_EQ(0, thread_stats(self->fd, self->a->id, &theirs));
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", self->fd);
	file = fopen(path, "r");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file)) {
		__u32 id;

		if (sscanf(line, "gil-lock: %u", &id) == 1) {
			lines_lock++;
			EXPECT_EQ(lock.lock, id);
			EXPECT_EQ(lock.owner, field(line, "owner"));
			EXPECT_EQ(lock.waiting, field(line, "waiting"));
			EXPECT_EQ(lock.interval_ns,
				  field(line, "interval_ns"));
			EXPECT_NE(NULL, strstr(line, " policy=fifo "));
			EXPECT_TRUE(fdinfo_agrees(line, &lock.counts));
		} else if (sscanf(line, "gil-thread: %u", &id) == 1) {
			const struct gil_thread_stats *thread =
				id == self->id ? &ours : &theirs;

			lines_thread++;
			EXPECT_EQ(thread->id, id);
			EXPECT_EQ(thread->tid, field(line, "tid"));
			EXPECT_EQ(thread->state, field(line, "state"));
			EXPECT_TRUE(fdinfo_agrees(line, &thread->counts));
		}
	}
	fclose(file);
	EXPECT_EQ(1, lines_lock);
	EXPECT_EQ(2, lines_thread);
}

#define COLUMNS_MAX	32

/* A table's header and its row that begins with @key, split at blanks. */
struct row {
	char header[1024], line[1024];
	char *name[COLUMNS_MAX], *value[COLUMNS_MAX];
	int names, values;
};

static int split(char *line, char *words[COLUMNS_MAX])
{
	char *rest = line, *word;
	int n = 0;

	while (n < COLUMNS_MAX && (word = strtok_r(n ? NULL : line, "\n ",
						   &rest)))
		words[n++] = word;
	return n;
}

static bool read_row(const char *path, const char *key, struct row *row)
{
	FILE *file = fopen(path, "r");
	bool found = false;

	if (!file)
		return false;
	if (!fgets(row->header, sizeof(row->header), file))
		row->header[0] = '\0';
	row->names = split(row->header, row->name);
	while (!found && fgets(row->line, sizeof(row->line), file))
		found = !strncmp(row->line, key, strlen(key));
	fclose(file);
	row->values = found ? split(row->line, row->value) : 0;
	return found;
}

static const char *cell(const struct row *row, const char *name)
{
	int i;

	for (i = 0; i < row->names && i < row->values; i++)
		if (!strcmp(row->name[i], name))
			return row->value[i];
	return "";
}

static __u64 number(const struct row *row, const char *name)
{
	const char *text = cell(row, name);

	return *text ? strtoull(text, NULL, 10) : ~0ULL;
}

#define EXPECT_ROW_COUNTS(counts)					\
	do {								\
		unsigned int n;						\
									\
		EXPECT_EQ(row.names, row.values);			\
		for (n = 0; n < ARRAY_SIZE(counted); n++) {		\
			EXPECT_EQ(count_of(counts, n),			\
				  number(&row, counted[n].column))	\
				TH_LOG("%s", counted[n].column);	\
		}							\
	} while (0)

TEST_F_TIMEOUT(stats, debugfs_tables, PATIENCE)
{
	struct gil_thread_stats thread;
	struct gil_lock_stats lock;
	struct row row;
	char key[32];

	if (access(DEBUGFS "locks", R_OK))
		SKIP(return, "no " DEBUGFS);
	ASSERT_EQ(0, live_through_all(self->fd, self->a));
	ASSERT_EQ(0, lock_stats(self->fd, &lock));
	ASSERT_EQ(0, thread_stats(self->fd, self->a->id, &thread));

	snprintf(key, sizeof(key), "%u ", lock.lock);
	ASSERT_TRUE(read_row(DEBUGFS "locks", key, &row));
	EXPECT_EQ(lock.owner, number(&row, "owner"));
	EXPECT_EQ(lock.waiting, number(&row, "waiting"));
	EXPECT_EQ(lock.waiting_max, number(&row, "waiting_max"));
	EXPECT_EQ(lock.threads, number(&row, "threads"));
	EXPECT_EQ(lock.interval_ns, number(&row, "interval_ns"));
	EXPECT_STREQ("fifo", cell(&row, "policy"));
	EXPECT_ROW_COUNTS(&lock.counts);

	snprintf(key, sizeof(key), "%u %u ", lock.lock, self->a->id);
	ASSERT_TRUE(read_row(DEBUGFS "threads", key, &row));
	EXPECT_EQ(thread.tid, number(&row, "tid"));
	EXPECT_STREQ("idle", cell(&row, "state"));
	EXPECT_ROW_COUNTS(&thread.counts);
}

TEST_F_TIMEOUT(stats, debugfs_histogram, PATIENCE)
{
	__u64 hold[GIL_HIST_BUCKETS] = { 0 };
	struct gil_lock_stats lock;
	unsigned long long from, count;
	char line[256], what[16];
	unsigned int nr;
	FILE *file;

	if (access(DEBUGFS "hist", R_OK))
		SKIP(return, "no " DEBUGFS);
	ASSERT_EQ(0, live_through_all(self->fd, self->a));
	ASSERT_EQ(0, lock_stats(self->fd, &lock));
	file = fopen(DEBUGFS "hist", "r");
	ASSERT_NE(NULL, file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%u %15s %llu %llu", &nr, what, &from,
			   &count) == 4 &&
		    nr == lock.lock && !strcmp(what, "hold"))
			hold[__builtin_ctzll(from)] = count;
	fclose(file);
	EXPECT_EQ(0, memcmp(hold, lock.counts.hold.hist, sizeof(hold)));
}

TEST_F_TIMEOUT(stats, debugfs_forgets_a_closed_lock, PATIENCE)
{
	struct gil_lock_stats lock;
	struct row row;
	char key[32];
	int fd;

	if (access(DEBUGFS "locks", R_OK))
		SKIP(return, "no " DEBUGFS);
	fd = ASSERT_FD(lock_create(0));
	ASSERT_EQ(0, lock_stats(fd, &lock));
	snprintf(key, sizeof(key), "%u ", lock.lock);
	EXPECT_TRUE(read_row(DEBUGFS "locks", key, &row));
	close(fd);
	EXPECT_FALSE(read_row(DEBUGFS "locks", key, &row));
	EXPECT_TRUE(read_row(DEBUGFS "locks", "0 ", &row));
}

GIL_TEST_MAIN
