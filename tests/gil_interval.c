// SPDX-License-Identifier: GPL-2.0
/*
 * The switch interval: an owner is asked to give way only while others wait and
 * after the interval is over, and no longer once it has given way.
 */
#include <errno.h>

#include "main.h"
#include "stage.h"

#define INTERVAL	(20 * MS)

STAGE_FIXTURE(interval)

STAGE_SETUP(interval, 2, ACTOR_THREAD, INTERVAL)

static void pass_time(__u64 ns)
{
	__u64 end = now_ns() + ns;

	while (now_ns() < end)
		usleep(1000);
}

#define EXPECT_ASKED(requests, forced)					\
	do {								\
		struct gil_counts now = lock_counts(self->fd);		\
									\
		EXPECT_EQ(requests, now.drop_requests);			\
		EXPECT_EQ(forced, now.forced_switches);			\
	} while (0)

TEST_F_TIMEOUT(interval, nobody_waits, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	pass_time(3 * INTERVAL);
	EXPECT_EQ(0, self->page->drop_request);
	EXPECT_ASKED(0, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

TEST_F_TIMEOUT(interval, asked_after_the_interval, PATIENCE)
{
	__u64 start;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	start = now_ns();
	ASSERT_TRUE(actor_queue(self->a));
	ASSERT_TRUE(until_drop_request(self->page));
	EXPECT_LE(start + INTERVAL, now_ns());
	EXPECT_ASKED(1, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, self->page->drop_request);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(interval, a_fast_owner_is_asked_too, PATIENCE)
{
	ASSERT_TRUE(fast_acquire(self->page, self->id));
	ASSERT_TRUE(actor_queue(self->a));
	ASSERT_TRUE(until_drop_request(self->page));
	EXPECT_ASKED(1, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, self->page->drop_request);
}

/* To release also obeys the request, but counts as no forced switch. */
TEST_F_TIMEOUT(interval, release_obeys, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	ASSERT_TRUE(until_drop_request(self->page));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_do(self->a, act_cancel));
	EXPECT_EQ(0, actor_do(self->b, act_cancel));
	EXPECT_EQ(0, self->page->drop_request);
	EXPECT_EQ(1, thread_counts(self->fd, 0).drop_requests);
	EXPECT_EQ(0, thread_counts(self->fd, 0).yields);
	EXPECT_EQ(0, thread_counts(self->fd, 0).forced_switches);
}

/* gil_stats.c has a yield without a request, which is no forced switch. */
TEST_F_TIMEOUT(interval, forced_yield, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue_by(self->a, act_turn));
	ASSERT_TRUE(until_drop_request(self->page));
	EXPECT_EQ(0, lock_yield(self->fd));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, self->page->drop_request);
	EXPECT_EQ(1, thread_counts(self->fd, 0).yields);
	EXPECT_EQ(1, thread_counts(self->fd, 0).drop_requests);
	EXPECT_EQ(1, thread_counts(self->fd, 0).forced_switches);
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

TEST_F_TIMEOUT(interval, next_owner_has_its_own, PATIENCE)
{
	__u64 start;

	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	ASSERT_TRUE(until_drop_request(self->page));
	start = now_ns();
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	ASSERT_TRUE(until_drop_request(self->page));
	EXPECT_LE(start + INTERVAL, now_ns());
	EXPECT_ASKED(2, 0);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	/* Nobody waits for the last one, so nobody asks it. */
	EXPECT_EQ(0, actor_do(self->b, act_acquire));
	pass_time(2 * INTERVAL);
	EXPECT_EQ(0, self->page->drop_request);
	EXPECT_ASKED(2, 0);
	EXPECT_EQ(0, actor_do(self->b, act_release));
}

TEST_F_TIMEOUT(interval, not_asked_for_those_who_left, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	ASSERT_TRUE(until_drop_request(self->page));
	EXPECT_EQ(0, actor_do(self->a, act_cancel));
	EXPECT_EQ(0, self->page->drop_request);
	EXPECT_EQ(0, lock_yield(self->fd));
	EXPECT_ASKED(1, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

TEST_F_TIMEOUT(interval, set_while_somebody_waits, PATIENCE)
{
	__u64 start;

	ASSERT_EQ(0, lock_set_interval(self->fd, GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue(self->a));
	EXPECT_EQ(0, self->page->drop_request);
	start = now_ns();
	ASSERT_EQ(0, lock_set_interval(self->fd, INTERVAL));
	ASSERT_TRUE(until_drop_request(self->page));
	/* The old interval would have been ten seconds. */
	EXPECT_GT(start + GIL_INTERVAL_MAX_NS, now_ns());
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
}

/* Setting something again and again does not keep an owner from being asked. */
TEST_F_TIMEOUT(interval, set_again_and_again, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue_by(self->a, act_turn));
	EXPECT_TRUE(UNTIL(lock_set_interval(self->fd, INTERVAL) ||
			  is_asked(self->page)));
	EXPECT_TRUE(is_asked(self->page));
	EXPECT_EQ(0, lock_yield(self->fd));
	EXPECT_EQ(0, actor_end(self->a));
	ASSERT_TRUE(actor_queue_by(self->a, act_turn));
	EXPECT_TRUE(UNTIL(lock_set_policy(self->fd, "io_first") ||
			  lock_set_policy(self->fd, "fifo") ||
			  is_asked(self->page)));
	EXPECT_TRUE(is_asked(self->page));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
}

static volatile __u64 rounds[2];

/* Own the lock and give way when asked, until both have had their turns. */
static int act_spin(struct actor *actor)
{
	int err = lock_acquire(actor->fd, 0, 0);

	while (!err && (rounds[0] < 5 || rounds[1] < 5)) {
		if (!is_asked(actor->page))
			continue;
		err = lock_yield(actor->fd);
		rounds[actor->argument]++;
	}
	return err ?: lock_release(actor->fd, 0);
}

TEST_F_TIMEOUT(interval, two_hogs_take_turns, PATIENCE)
{
	struct gil_lock_stats stats;

	self->b->argument = 1;
	actor_begin(self->a, act_spin);
	actor_begin(self->b, act_spin);
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(0, actor_end(self->b));
	EXPECT_EQ(0, lock_stats(self->fd, &stats));
	EXPECT_LE(10, stats.counts.forced_switches);
	EXPECT_EQ(stats.counts.yields, stats.counts.forced_switches);
}

GIL_TEST_MAIN
