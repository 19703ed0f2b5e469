// SPDX-License-Identifier: GPL-2.0
/*
 * A thread dies in each state that it can be in. The lock goes on, and the next
 * owner, and only that one, is told if the dead thread had run with the lock.
 */
#include <errno.h>

#include "main.h"
#include "stage.h"

FIXTURE(death)
{
	STAGE;
	struct actor *victim, *next;
};

FIXTURE_VARIANT(death)
{
	enum actor_kind kind;
	bool by_kill;
};

FIXTURE_VARIANT_ADD(death, thread_exits) { ACTOR_THREAD, false };
FIXTURE_VARIANT_ADD(death, process_exits) { ACTOR_PROCESS, false };
FIXTURE_VARIANT_ADD(death, process_is_killed) { ACTOR_PROCESS, true };

FIXTURE_SETUP(death)
{
	ASSERT_EQ(0, stage_set(&self->stage, 2, variant->kind,
			       GIL_INTERVAL_MAX_NS));
	self->victim = self->a;
	self->next = self->b;
}

NO_TEARDOWN(death)

#define END(actor)							\
	do {								\
		__u32 left = lock_threads(self->fd) - 1;		\
									\
		if (variant->by_kill)					\
			actor_kill(actor);				\
		else							\
			actor_stop(actor);				\
		ASSERT_TRUE(until_threads(self->fd, left));		\
	} while (0)

#define EXPECT_DEATHS(n)						\
	EXPECT_EQ(n, lock_counts(self->fd).owner_deaths)

/* The next owner is told, and the one after it is not. */
#define EXPECT_TOLD_ONCE()						\
	do {								\
		EXPECT_EQ(EOWNERDEAD, lock_acquire(self->fd, 0, 0));	\
		EXPECT_STATE(0, OWNER);					\
		EXPECT_EQ(0, lock_release(self->fd, 0));		\
		EXPECT_EQ(0, lock_turn(self->fd));			\
		EXPECT_EQ(0, lock_owner(self->fd));			\
		EXPECT_DEATHS(1);					\
	} while (0)

#define EXPECT_NOT_TOLD()						\
	do {								\
		EXPECT_EQ(0, lock_turn(self->fd));			\
		EXPECT_DEATHS(0);					\
	} while (0)

TEST_F_TIMEOUT(death, idle, PATIENCE)
{
	END(self->victim);
	EXPECT_NOT_TOLD();
}

TEST_F_TIMEOUT(death, after_release, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_turn));
	ASSERT_EQ(0, actor_do(self->victim, act_fast_acquire));
	ASSERT_EQ(0, actor_do(self->victim, act_fast_release));
	END(self->victim);
	EXPECT_NOT_TOLD();
}

TEST_F_TIMEOUT(death, owner, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_acquire));
	END(self->victim);
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_TOLD_ONCE();
}

TEST_F_TIMEOUT(death, fast_owner, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_fast_acquire));
	EXPECT_EQ(self->victim->id, lock_owner(self->fd));
	END(self->victim);
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_TOLD_ONCE();
}

TEST_F_TIMEOUT(death, every_way_to_be_told, PATIENCE)
{
	static const __u32 flags[] = {
		GIL_ACQUIRE_TRY, GIL_ACQUIRE_ENQUEUE, GIL_ACQUIRE_DEADLINE,
		GIL_ACQUIRE_KEEP,
	};
	/* One thread dies as the owner of four locks: each has its own next owner. */
	int fds[ARRAY_SIZE(flags)];
	unsigned int i;

	END(self->victim);
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		fds[i] = ASSERT_FD(lock_create(0));
	ASSERT_EQ(0, actor_start(self->victim, variant->kind, fds[0]));
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		self->victim->fd = fds[i];
		ASSERT_EQ(0, actor_do(self->victim, act_acquire));
	}
	if (variant->by_kill)
		actor_kill(self->victim);
	else
		actor_stop(self->victim);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		ASSERT_TRUE(until_threads(fds[i], 0));
		EXPECT_EQ(EOWNERDEAD, lock_acquire(fds[i], flags[i], 0));
		EXPECT_EQ(0, lock_release(fds[i], 0));
		EXPECT_EQ(0, lock_acquire(fds[i], flags[i], 0));
		EXPECT_EQ(0, lock_release(fds[i], 0));
		close(fds[i]);
	}
}

/* The fast path stays shut until an owner has been told of the death. */
TEST_F_TIMEOUT(death, fast_path_is_shut, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_fast_acquire));
	END(self->victim);
	EXPECT_FALSE(fast_acquire(self->page, self->id));
	EXPECT_EQ(EPERM, lock_release(self->fd, 0));
	EXPECT_EQ(EPERM, lock_yield(self->fd));
	EXPECT_FALSE(fast_acquire(self->page, self->id));
	EXPECT_TOLD_ONCE();
	EXPECT_TRUE(fast_acquire(self->page, self->id));
	EXPECT_TRUE(fast_release(self->page, self->id));
}

TEST_F_TIMEOUT(death, owner_with_waiters, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_acquire));
	ASSERT_TRUE(actor_queue(self->next));
	END(self->victim);
	EXPECT_EQ(EOWNERDEAD, actor_end(self->next));
	EXPECT_EQ(self->next->id, lock_owner(self->fd));
	EXPECT_EQ(0, actor_do(self->next, act_release));
	EXPECT_EQ(0, lock_turn(self->fd));
	EXPECT_DEATHS(1);
}

TEST_F_TIMEOUT(death, fast_owner_with_waiters, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_fast_acquire));
	ASSERT_TRUE(actor_queue(self->next));
	ASSERT_EQ(EINPROGRESS, lock_acquire(self->fd, GIL_ACQUIRE_ENQUEUE, 0));
	END(self->victim);
	EXPECT_EQ(EOWNERDEAD, actor_end(self->next));
	EXPECT_EQ(0, actor_do(self->next, act_release));
	/* The second in line is not told. */
	EXPECT_STATE(0, GRANTED);
	EXPECT_EQ(0, lock_turn(self->fd));
	EXPECT_DEATHS(1);
}

TEST_F_TIMEOUT(death, queued, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	ASSERT_TRUE(actor_queue(self->next));
	END(self->victim);
	EXPECT_EQ(1, lock_waiting(self->fd));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end_turn(self->next));
	EXPECT_NOT_TOLD();
}

TEST_F_TIMEOUT(death, last_in_the_queue, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	END(self->victim);
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_NOT_TOLD();
}

/* It never ran with the lock, so there is nobody to tell. */
TEST_F_TIMEOUT(death, granted, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	ASSERT_TRUE(actor_queue(self->next));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->victim->id, GRANTED);
	END(self->victim);
	EXPECT_EQ(0, actor_end_turn(self->next));
	EXPECT_NOT_TOLD();
}

TEST_F_TIMEOUT(death, granted_and_alone, PATIENCE)
{
	ASSERT_EQ(0, stage_queue(&self->stage, 1));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	END(self->victim);
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_NOT_TOLD();
}

/* The waiter that was due EOWNERDEAD dies first; the next owner gets it. */
TEST_F_TIMEOUT(death, granted_by_a_death, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_acquire));
	ASSERT_EQ(EINPROGRESS, actor_do(self->next, act_enqueue));
	END(self->victim);
	EXPECT_STATE(self->next->id, GRANTED);
	END(self->next);
	EXPECT_TOLD_ONCE();
}

TEST_F_TIMEOUT(death, told_and_cancelled, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_acquire));
	ASSERT_EQ(EINPROGRESS, actor_do(self->next, act_enqueue));
	END(self->victim);
	EXPECT_EQ(0, actor_do(self->next, act_cancel));
	EXPECT_TOLD_ONCE();
}

TEST_F_TIMEOUT(death, told_and_died, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->victim, act_acquire));
	ASSERT_TRUE(actor_queue(self->next));
	END(self->victim);
	EXPECT_EQ(EOWNERDEAD, actor_end(self->next));
	END(self->next);
	EXPECT_EQ(EOWNERDEAD, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, lock_turn(self->fd));
	EXPECT_DEATHS(2);
}

TEST_F_TIMEOUT(death, yielder_is_told, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->next, act_acquire));
	ASSERT_EQ(EINPROGRESS, actor_do(self->victim, act_enqueue));
	ASSERT_TRUE(actor_queue_by(self->next, act_yield));
	ASSERT_EQ(0, actor_do(self->victim, act_acquire));
	END(self->victim);
	EXPECT_EQ(EOWNERDEAD, actor_end(self->next));
	EXPECT_EQ(0, actor_do(self->next, act_release));
	EXPECT_DEATHS(1);
}

TEST_F_TIMEOUT(death, ids_are_not_reused_at_once, PATIENCE)
{
	__u32 dead = self->victim->id;

	END(self->victim);
	ASSERT_EQ(0, actor_start(self->victim, variant->kind, self->fd));
	EXPECT_NE(dead, self->victim->id);
}

GIL_TEST_MAIN
