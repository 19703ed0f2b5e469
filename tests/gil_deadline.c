// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines on CLOCK_MONOTONIC: past and future ones, and a deadline that passes
 * at the moment of the grant.
 */
#include <errno.h>
#include <stdlib.h>

#include "main.h"
#include "stage.h"

STAGE_FIXTURE(deadline)

FIXTURE_SETUP(deadline)
{
	ASSERT_EQ(0, stage_set(&self->stage, 1, ACTOR_THREAD,
			       GIL_INTERVAL_MAX_NS));
	self->a->flags = GIL_ACQUIRE_DEADLINE;
}

TEST_F_TIMEOUT(deadline, past, PATIENCE)
{
	static const __u64 past[] = { 0, 1, 1000000 };
	unsigned int i;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	for (i = 0; i < ARRAY_SIZE(past); i++) {
		self->a->deadline_ns = past[i];
		EXPECT_EQ(ETIMEDOUT, actor_do(self->a, act_acquire));
		EXPECT_STATE(self->a->id, IDLE);
	}
	EXPECT_EQ(ARRAY_SIZE(past), lock_counts(self->fd).timeouts);
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	/* A free lock can be acquired after any deadline. */
	for (i = 0; i < ARRAY_SIZE(past); i++) {
		self->a->deadline_ns = past[i];
		EXPECT_EQ(0, actor_do(self->a, act_turn));
	}
}

TEST_F_TIMEOUT(deadline, never_early, PATIENCE)
{
	int i;

	ASSERT_EQ(0, actor_do(self->a, act_attach));
	self->a->flags = 0;
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	for (i = 0; i < 20; i++) {
		__u64 deadline = now_ns() + i * 100000;

		EXPECT_EQ(ETIMEDOUT, lock_acquire(self->fd,
						  GIL_ACQUIRE_DEADLINE,
						  deadline));
		EXPECT_LE(deadline, now_ns());
	}
}

TEST_F_TIMEOUT(deadline, far_away, PATIENCE)
{
	static const __u64 far[] = {
		1ULL << 62, (1ULL << 63) - 1, 1ULL << 63, ~0ULL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(far); i++) {
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		self->a->deadline_ns = far[i];
		ASSERT_TRUE(actor_queue(self->a));
		EXPECT_EQ(0, lock_release(self->fd, 0));
		EXPECT_EQ(0, actor_end_turn(self->a));
	}
}

/* Whichever wins, the result of the call agrees with who owns the lock. */
TEST_F_TIMEOUT(deadline, race_with_the_grant, PATIENCE)
{
	int granted = 0, late = 0, i;
	unsigned int seed = 1;

	for (i = 0; i < 400; i++) {
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		self->a->deadline_ns = now_ns() + 200000 +
				       rand_r(&seed) % 200000;
		actor_begin(self->a, act_acquire);
		spin_until(self->a->deadline_ns);
		ASSERT_EQ(0, lock_release(self->fd, 0));
		switch (actor_end(self->a)) {
		case 0:
			granted++;
			ASSERT_EQ(self->a->id, lock_owner(self->fd));
			ASSERT_EQ(0, actor_do(self->a, act_release));
			break;
		case ETIMEDOUT:
			late++;
			ASSERT_EQ(EPERM, actor_do(self->a, act_release));
			break;
		default:
			ASSERT_EQ(0, self->a->result);
		}
		ASSERT_EQ(0, lock_owner(self->fd));
		ASSERT_EQ(0, lock_waiting(self->fd));
	}
	TH_LOG("%d granted, %d too late", granted, late);
}

GIL_TEST_MAIN
