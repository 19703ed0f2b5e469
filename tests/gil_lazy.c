// SPDX-License-Identifier: GPL-2.0
/*
 * The lazy release: the lock stays with a thread that is soon back. The next
 * waiter gets it if the thread blocks, is too late, or had been asked to yield.
 */
#include <errno.h>

#include "main.h"
#include "stage.h"

FIXTURE(lazy)
{
	STAGE;
	struct actor *bound, *waiter;
};

FIXTURE_SETUP(lazy)
{
	ASSERT_EQ(0, stage_open(&self->stage, 2, GIL_INTERVAL_MAX_NS));
	ASSERT_EQ(0, lock_set_grace(self->fd, GIL_GRACE_MAX_NS));
	self->bound = self->a;
	self->waiter = self->b;
	ASSERT_EQ(0, actor_start(self->waiter, ACTOR_PROCESS, self->fd));
	START_BOUND(self->bound, GIL_BIND_IO);
}

NO_TEARDOWN(lazy)

static int release_when_waited_for(struct actor *actor)
{
	while (!lock_waiting(actor->fd))
		;
	return lock_release(actor->fd, GIL_RELEASE_LAZY);
}

static int act_back_in_time(struct actor *actor)
{
	int err = release_when_waited_for(actor);

	actor->answer = thread_state(actor->fd, 0);
	return err ?: lock_acquire(actor->fd, 0, 0);
}

static ACT(act_back_in_time_and_hog, act_back_in_time(actor) ?: act_hog(actor))

static int act_release_and_block(struct actor *actor)
{
	int err = release_when_waited_for(actor);

	usleep(1000);
	actor->answer = thread_state(actor->fd, 0);
	return err;
}

static ACT(act_release_and_hog,
	   release_when_waited_for(actor) ?: act_hog(actor))
static ACT(act_release_at_once, lock_release(actor->fd, GIL_RELEASE_LAZY))

/* The bound actor owns the lock in user mode, and the other one wants it. */
#define BEGIN(act)							\
	do {								\
		actor_begin(self->bound, act);				\
		ASSERT_TRUE(until_owner(self->fd, self->bound->id));	\
		actor_begin(self->waiter, act_acquire);			\
	} while (0)

/*
 * Check the bound thread's counts, because those of the lock include the
 * waiter's.
 */
#define EXPECT_COUNTS(releases, returns)				\
	do {								\
		struct gil_counts now = thread_counts(self->fd,		\
						      self->bound->id);	\
									\
		EXPECT_EQ(releases, now.lazy_releases);			\
		EXPECT_EQ(returns, now.lazy_returns);			\
	} while (0)

#define EXPECT_WAITER_HAS_IT()						\
	do {								\
		EXPECT_EQ(0, actor_end(self->waiter));			\
		EXPECT_EQ(self->waiter->id, lock_owner(self->fd));	\
		EXPECT_EQ(0, actor_do(self->waiter, act_release));	\
	} while (0)

TEST_F_TIMEOUT(lazy, back_in_time, PATIENCE)
{
	BEGIN(act_back_in_time_and_hog);
	EXPECT_TRUE(actor_runs(self->bound));
	/* It still owns the lock, and the other actor still waits. */
	EXPECT_EQ(GIL_STATE_LAZY, self->bound->answer);
	EXPECT_EQ(self->bound->id, lock_owner(self->fd));
	EXPECT_STATE(self->waiter->id, QUEUED);
	EXPECT_COUNTS(1, 1);
	EXPECT_EQ(0, lock_counts(self->fd).handoffs);
	EXPECT_EQ(1, lock_counts(self->fd).lazy_releases);
	EXPECT_EQ(1, lock_counts(self->fd).lazy_returns);
	EXPECT_EQ(0, actor_halt(self->bound));
	EXPECT_WAITER_HAS_IT();
}

TEST_F_TIMEOUT(lazy, blocks, PATIENCE)
{
	BEGIN(act_release_and_block);
	EXPECT_EQ(0, actor_end(self->waiter));
	EXPECT_EQ(0, actor_end(self->bound));
	/* The lock moved when it blocked, not when the grace ended later. */
	EXPECT_EQ(GIL_STATE_IDLE, self->bound->answer);
	EXPECT_COUNTS(1, 0);
	/* The waiter got the lock by a handoff, and no owner died. */
	EXPECT_EQ(1, thread_counts(self->fd, self->waiter->id).handoffs);
	EXPECT_EQ(self->waiter->id, lock_owner(self->fd));
	EXPECT_EQ(0, actor_do(self->waiter, act_release));
}

/*
 * The bound thread computes after the release, so the lock goes on when the
 * grace ends.
 */
TEST_F_TIMEOUT(lazy, grace_passes, PATIENCE)
{
	__u64 grace = 100 * MS, start;

	ASSERT_EQ(0, lock_set_grace(self->fd, grace));
	start = now_ns();
	BEGIN(act_release_and_hog);
	EXPECT_EQ(0, actor_end(self->waiter));
	EXPECT_LE(start + grace, now_ns());
	EXPECT_TRUE(actor_runs(self->bound));
	EXPECT_EQ(self->waiter->id, lock_owner(self->fd));
	EXPECT_COUNTS(1, 0);
	EXPECT_EQ(0, actor_halt(self->bound));
	EXPECT_EQ(0, actor_do(self->waiter, act_release));
}

static int act_release_when_asked(struct actor *actor)
{
	while (!is_asked(actor->page))
		;
	return lock_release(actor->fd, GIL_RELEASE_LAZY) ?: act_hog(actor);
}

/* A thread that was asked to give way cannot release lazily. */
TEST_F_TIMEOUT(lazy, was_asked, PATIENCE)
{
	ASSERT_EQ(0, lock_set_interval(self->fd, MS));
	BEGIN(act_release_when_asked);
	EXPECT_EQ(0, actor_end(self->waiter));
	EXPECT_COUNTS(0, 0);
	EXPECT_EQ(0, actor_halt(self->bound));
	EXPECT_EQ(0, actor_do(self->waiter, act_release));
}

TEST_F_TIMEOUT(lazy, nobody_waits, PATIENCE)
{
	EXPECT_EQ(0, actor_do(self->bound, act_release_at_once));
	EXPECT_EQ(0, lock_owner(self->fd));
	EXPECT_COUNTS(0, 0);
}

TEST_F_TIMEOUT(lazy, no_grace, PATIENCE)
{
	ASSERT_EQ(0, lock_set_grace(self->fd, 0));
	BEGIN(act_release_and_hog);
	EXPECT_EQ(0, actor_end(self->waiter));
	EXPECT_COUNTS(0, 0);
	EXPECT_EQ(0, actor_halt(self->bound));
	EXPECT_EQ(0, actor_do(self->waiter, act_release));
}

/* The bound thread had released the lock, so its death is not reported. */
TEST_F_TIMEOUT(lazy, dies, PATIENCE)
{
	BEGIN(act_release_and_hog);
	ASSERT_TRUE(actor_runs(self->bound));
	actor_kill(self->bound);
	EXPECT_EQ(0, actor_end(self->waiter));
	EXPECT_EQ(0, lock_counts(self->fd).owner_deaths);
	EXPECT_TRUE(until_bound(self->fd, 0));
	EXPECT_EQ(0, actor_do(self->waiter, act_release));
}

/* The only waiter is killed while the lock stays with the bound thread. */
TEST_F_TIMEOUT(lazy, waiter_is_killed, PATIENCE)
{
	BEGIN(act_release_and_hog);
	ASSERT_TRUE(actor_runs(self->bound));
	actor_kill(self->waiter);
	ASSERT_TRUE(until_waiting(self->fd, 0));
	EXPECT_EQ(0, actor_halt(self->bound));
	EXPECT_TRUE(until_owner(self->fd, 0));
	lock_acquire(self->fd, 0, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

TEST_F(lazy, grace_is_set_and_got)
{
	__u64 grace = 0;
	struct gil_lock_stats stats;
	int other = ASSERT_FD(lock_create(0));

	EXPECT_EQ(0, lock_ioctl(other, GIL_IOC_GET_GRACE, &grace));
	EXPECT_EQ(GIL_GRACE_DEFAULT_NS, grace);
	EXPECT_EQ(0, lock_set_grace(other, 12345));
	EXPECT_EQ(EINVAL, lock_set_grace(other, GIL_GRACE_MAX_NS + 1));
	EXPECT_EQ(EINVAL, lock_set_grace(other, ~0ULL));
	EXPECT_EQ(EFAULT, lock_ioctl(other, GIL_IOC_SET_GRACE, NULL));
	EXPECT_EQ(EFAULT, lock_ioctl(other, GIL_IOC_GET_GRACE, NULL));
	EXPECT_EQ(0, lock_ioctl(other, GIL_IOC_GET_GRACE, &grace));
	EXPECT_EQ(12345, grace);
	EXPECT_EQ(0, lock_stats(other, &stats));
	EXPECT_EQ(12345, stats.grace_ns);
	EXPECT_EQ(0, lock_set_grace(other, GIL_GRACE_MAX_NS));
	EXPECT_EQ(0, lock_set_grace(other, 0));
	/* Each lock has its own grace. */
	EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_GET_GRACE, &grace));
	EXPECT_EQ(GIL_GRACE_MAX_NS, grace);
}

GIL_BOUND_TEST_MAIN
