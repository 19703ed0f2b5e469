// SPDX-License-Identifier: GPL-2.0
/*
 * The queue: few and many waiters get the lock in order of arrival, by direct
 * handoff; and a thread enters the queue, keeps its place, and leaves.
 */
#include <errno.h>
#include <string.h>

#include "main.h"
#include "process.h"
#include "stage.h"

#define WAITERS_MAX	1000

/* The ids of the owners in order; each owner adds its own. */
struct turns {
	int count;
	__u32 id[2 * WAITERS_MAX];
};

static struct turns *turns;

static int act_take_turn(struct actor *actor)
{
	int err = lock_acquire(actor->fd, actor->flags, actor->deadline_ns);

	if (err)
		return err;
	turns->id[turns->count++] = actor->id;
	return lock_release(actor->fd, 0);
}

/* The test owns the lock, and no actor waits for it yet. */
STAGE_FIXTURE(fifo)

FIXTURE_VARIANT(fifo)
{
	enum actor_kind kind;
	int waiters;
};

FIXTURE_VARIANT_ADD(fifo, threads_2) { ACTOR_THREAD, 2 };
FIXTURE_VARIANT_ADD(fifo, threads_8) { ACTOR_THREAD, 8 };
FIXTURE_VARIANT_ADD(fifo, processes_2) { ACTOR_PROCESS, 2 };
FIXTURE_VARIANT_ADD(fifo, processes_8) { ACTOR_PROCESS, 8 };

FIXTURE_SETUP(fifo)
{
	turns = shared_new(sizeof(*turns));
	ASSERT_NE(NULL, turns);
	ASSERT_EQ(0, stage_open(&self->stage, variant->waiters,
				GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_EQ(0, stage_start(&self->stage, variant->waiters, variant->kind));
}

/* All enter the queue one by one, and then each takes its turn. */
static void expect_order(struct __test_metadata *_metadata, int fd,
			 struct actor *actors, int n)
{
	struct gil_lock_stats stats;
	int i;

	for (i = 0; i < n; i++) {
		actor_begin(&actors[i], act_take_turn);
		ASSERT_TRUE(until_waiting(fd, i + 1));
	}
	EXPECT_EQ(0, turns->count);
	EXPECT_EQ(0, lock_release(fd, 0));
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, actor_end(&actors[i]));
	ASSERT_EQ(n, turns->count);
	for (i = 0; i < n; i++)
		EXPECT_EQ(actors[i].id, turns->id[i]);
	EXPECT_EQ(0, lock_stats(fd, &stats));
	EXPECT_EQ(0, stats.owner);
	EXPECT_EQ(0, stats.waiting);
	EXPECT_EQ(n, stats.waiting_max);
	EXPECT_EQ(n, stats.counts.handoffs);
	EXPECT_EQ(n, stats.counts.contended);
}

TEST_F_TIMEOUT(fifo, order_of_arrival, PATIENCE)
{
	expect_order(_metadata, self->fd, self->actors, variant->waiters);
}

TEST_F_TIMEOUT(fifo, order_without_those_who_left, PATIENCE)
{
	int i, n = variant->waiters, at = 0;

	/* Every second actor enters the queue and leaves it again. */
	for (i = 0; i < n; i++) {
		actor_begin(&self->actors[i],
			    i % 2 ? act_enqueue : act_take_turn);
		ASSERT_TRUE(until_waiting(self->fd, i + 1));
	}
	for (i = 1; i < n; i += 2) {
		EXPECT_EQ(EINPROGRESS, actor_end(&self->actors[i]));
		EXPECT_EQ(0, actor_do(&self->actors[i], act_cancel));
	}
	ASSERT_TRUE(until_waiting(self->fd, (n + 1) / 2));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	for (i = 0; i < n; i += 2) {
		EXPECT_EQ(0, actor_end(&self->actors[i]));
		EXPECT_EQ(self->actors[i].id, turns->id[at++]);
	}
	EXPECT_EQ(at, turns->count);
	EXPECT_EQ(0, lock_owner(self->fd));
}

TEST_F_TIMEOUT(fifo, yield_lets_all_who_wait_go_first, PATIENCE)
{
	int i, n = variant->waiters;

	for (i = 0; i < n; i++) {
		actor_begin(&self->actors[i], act_take_turn);
		ASSERT_TRUE(until_waiting(self->fd, i + 1));
	}
	EXPECT_EQ(0, lock_yield(self->fd));
	EXPECT_EQ(n, turns->count);
	EXPECT_STATE(0, OWNER);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(1, lock_counts(self->fd).yields);
	EXPECT_EQ(n + 1, lock_counts(self->fd).handoffs);
}

TEST(order_of_a_thousand)
{
	struct stage stage;

	turns = shared_new(sizeof(*turns));
	ASSERT_NE(NULL, turns);
	ASSERT_EQ(0, stage_open(&stage, WAITERS_MAX, GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_acquire(stage.fd, 0, 0));
	ASSERT_EQ(0, actors_start(stage.actors, WAITERS_MAX, ACTOR_THREAD,
				  stage.fd));
	expect_order(_metadata, stage.fd, stage.actors, WAITERS_MAX);
}

STAGE_FIXTURE(place)

BOTH_KINDS(place);

STAGE_SETUP(place, 3, variant->kind, GIL_INTERVAL_MAX_NS)

TEST_F_TIMEOUT(place, handoff_lets_nobody_in_between, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	EXPECT_STATE(self->a->id, QUEUED);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	/* It owns the lock already, although it has not taken its grant. */
	EXPECT_STATE(self->a->id, GRANTED);
	EXPECT_LOCK(self->a->id, 0);
	EXPECT_EQ(EBUSY, lock_acquire(self->fd, GIL_ACQUIRE_TRY, 0));
	EXPECT_EQ(EBUSY, actor_do(self->b, act_try));
	EXPECT_LOCK(self->a->id, 0);
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_LOCK(0, 0);
}

TEST_F_TIMEOUT(place, enqueue_of_a_free_lock_owns_it, PATIENCE)
{
	EXPECT_EQ(0, actor_do(self->a, act_enqueue));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_LOCK(self->a->id, 0);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(place, enqueue_again_keeps_the_place, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	EXPECT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
	EXPECT_LOCK(self->id, 2);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->a->id, GRANTED);
	EXPECT_STATE(self->b->id, QUEUED);
	/* To enqueue again is another way to take the grant. */
	EXPECT_EQ(0, actor_do(self->a, act_enqueue));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_STATE(self->b->id, GRANTED);
	EXPECT_EQ(0, actor_do(self->b, act_try));
	EXPECT_STATE(self->b->id, OWNER);
	EXPECT_EQ(0, actor_do(self->b, act_release));
	EXPECT_LOCK(0, 0);
}

TEST_F_TIMEOUT(place, waiting_resumes_in_the_place, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	actor_begin(self->b, act_acquire);
	actor_begin(self->a, act_acquire);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_FALSE(actor_ended(self->b));
	EXPECT_LOCK(self->a->id, 1);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_EQ(0, actor_end_turn(self->b));
}

TEST_F_TIMEOUT(place, kept_after_timeout, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	self->a->flags = GIL_ACQUIRE_DEADLINE | GIL_ACQUIRE_KEEP;
	self->a->deadline_ns = now_ns() + MS;
	EXPECT_EQ(ETIMEDOUT, actor_do(self->a, act_acquire));
	EXPECT_STATE(self->a->id, QUEUED);
	EXPECT_EQ(EINPROGRESS, actor_do(self->b, act_enqueue));
	self->a->deadline_ns = 1;
	EXPECT_EQ(ETIMEDOUT, actor_do(self->a, act_acquire));
	EXPECT_LOCK(self->id, 2);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->a->id, GRANTED);
	/* A grant is not lost to a deadline that has passed. */
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_EQ(0, thread_counts(self->fd, self->a->id).timeouts);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(place, resumed_if_there_is_one, PATIENCE)
{
	self->a->flags = GIL_ACQUIRE_RESUME;
	EXPECT_EQ(ENOENT, actor_do(self->a, act_acquire));
	EXPECT_LOCK(0, 0);
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(ENOENT, actor_do(self->a, act_acquire));
	EXPECT_STATE(self->a->id, IDLE);
	EXPECT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
	actor_begin(self->a, act_acquire);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_EQ(EDEADLK, actor_do(self->a, act_acquire));
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_EQ(ENOENT, actor_do(self->a, act_acquire));
	EXPECT_LOCK(0, 0);
}

TEST_F_TIMEOUT(place, resumed_after_the_grant, PATIENCE)
{
	self->a->flags = GIL_ACQUIRE_RESUME | GIL_ACQUIRE_DEADLINE;
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->a->id, GRANTED);
	EXPECT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(place, each_keep_for_its_own_reason, PATIENCE)
{
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	self->a->deadline_ns = 1;
	self->a->flags = GIL_ACQUIRE_DEADLINE | GIL_ACQUIRE_KEEP_TIMEOUT;
	EXPECT_EQ(ETIMEDOUT, actor_do(self->a, act_acquire));
	EXPECT_STATE(self->a->id, QUEUED);
	self->a->flags = GIL_ACQUIRE_DEADLINE | GIL_ACQUIRE_KEEP_INTR;
	EXPECT_EQ(ETIMEDOUT, actor_do(self->a, act_acquire));
	EXPECT_STATE(self->a->id, IDLE);
	EXPECT_LOCK(self->id, 0);
}

TEST_F_TIMEOUT(place, lost_after_timeout_without_keep, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	self->a->flags = GIL_ACQUIRE_DEADLINE;
	self->a->deadline_ns = now_ns() + MS;
	EXPECT_EQ(ETIMEDOUT, actor_do(self->a, act_acquire));
	EXPECT_STATE(self->a->id, IDLE);
	EXPECT_LOCK(self->id, 1);
	EXPECT_EQ(1, thread_counts(self->fd, self->a->id).timeouts);
	EXPECT_EQ(EINPROGRESS, actor_do(self->a, act_enqueue));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->b->id, GRANTED);
	EXPECT_STATE(self->a->id, QUEUED);
}

TEST_F_TIMEOUT(place, cancelled_grant_goes_on, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	ASSERT_TRUE(actor_queue(self->b));
	EXPECT_EQ(EINPROGRESS, actor_do(self->c, act_enqueue));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->a->id, GRANTED);
	EXPECT_EQ(0, actor_do(self->a, act_cancel));
	EXPECT_STATE(self->a->id, IDLE);
	EXPECT_EQ(0, actor_end_turn(self->b));
	EXPECT_STATE(self->c->id, GRANTED);
	EXPECT_EQ(0, actor_do(self->c, act_cancel));
	/* Nobody died, so the next owner is told nothing. */
	EXPECT_LOCK(0, 0);
	EXPECT_EQ(0, lock_turn(self->fd));
	EXPECT_EQ(2, lock_counts(self->fd).cancels);
	EXPECT_EQ(0, lock_counts(self->fd).owner_deaths);
}

TEST_F_TIMEOUT(place, cancelled_in_the_queue, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	ASSERT_TRUE(actor_queue(self->b));
	EXPECT_EQ(0, actor_do(self->a, act_cancel));
	EXPECT_STATE(self->a->id, IDLE);
	EXPECT_LOCK(self->id, 1);
	EXPECT_EQ(ENOENT, actor_do(self->a, act_cancel));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end_turn(self->b));
	EXPECT_LOCK(0, 0);
}

TEST_F_TIMEOUT(place, grant_not_claimed, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->a->id, GRANTED);
	/* It may not release what it has not taken: it may acquire or cancel. */
	EXPECT_EQ(EPERM, actor_do(self->a, act_release));
	EXPECT_STATE(self->a->id, GRANTED);
	EXPECT_LOCK(self->a->id, 1);
	EXPECT_EQ(0, actor_do(self->a, act_cancel));
	EXPECT_LOCK(self->b->id, 0);
	EXPECT_EQ(0, actor_do(self->b, act_cancel));
	EXPECT_LOCK(0, 0);
}

TEST_F_TIMEOUT(place, yield_and_come_back_last, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	ASSERT_EQ(EINPROGRESS, actor_do(self->b, act_enqueue));
	ASSERT_TRUE(actor_queue_by(self->a, act_yield));
	EXPECT_STATE(self->b->id, GRANTED);
	EXPECT_EQ(EINPROGRESS, actor_do(self->c, act_enqueue));
	EXPECT_LOCK(self->b->id, 2);
	EXPECT_EQ(0, actor_do(self->b, act_turn));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_STATE(self->c->id, QUEUED);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_STATE(self->c->id, GRANTED);
	EXPECT_EQ(0, actor_do(self->c, act_cancel));
	EXPECT_LOCK(0, 0);
}

GIL_TEST_MAIN
