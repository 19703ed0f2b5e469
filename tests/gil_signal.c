// SPDX-License-Identifier: GPL-2.0
/*
 * Signals while waiting: the call returns EINTR or restarts by the usual rules,
 * keeps or loses its place as asked, and never loses a grant.
 */
#include <errno.h>
#include <string.h>

#include "main.h"
#include "process.h"
#include "stage.h"

/* In the actor, because a process has its own handlers. */
static ACT(act_handle, count_signal(SIGUSR1, actor->argument ? SA_RESTART : 0))

static int act_handled(struct actor *actor)
{
	actor->answer = signals_counted;
	return 0;
}

STAGE_FIXTURE(sig)

BOTH_KINDS(sig);

STAGE_SETUP(sig, 2, variant->kind, GIL_INTERVAL_MAX_NS)

static int count_handled(struct actor *actor)
{
	return actor_do(actor, act_handled) ? -1 : (int)actor->answer;
}

TEST_F_TIMEOUT(sig, interrupts, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue(self->a));
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(EINTR, actor_end(self->a));
	EXPECT_EQ(1, count_handled(self->a));
	EXPECT_STATE(self->a->id, IDLE);
	EXPECT_EQ(0, lock_waiting(self->fd));
	EXPECT_EQ(1, thread_counts(self->fd, self->a->id).interrupts);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(EPERM, actor_do(self->a, act_release));
	EXPECT_EQ(0, lock_owner(self->fd));
}

TEST_F_TIMEOUT(sig, restarts, PATIENCE)
{
	self->a->argument = true;
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue(self->a));
	actor_signal(self->a, SIGUSR1);
	ASSERT_TRUE(UNTIL_STATE(self->a->id, QUEUED));
	EXPECT_FALSE(actor_ended(self->a));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(1, count_handled(self->a));
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(sig, restart_keeps_the_deadline, PATIENCE)
{
	self->a->argument = true;
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	self->a->flags = GIL_ACQUIRE_DEADLINE;
	self->a->deadline_ns = now_ns() + 300 * MS;
	ASSERT_TRUE(actor_queue(self->a));
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(ETIMEDOUT, actor_end(self->a));
	EXPECT_LE(self->a->deadline_ns, now_ns());
	EXPECT_EQ(1, count_handled(self->a));
	EXPECT_EQ(0, lock_waiting(self->fd));
}

TEST_F_TIMEOUT(sig, interrupt_keeps_the_place, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	self->a->flags = GIL_ACQUIRE_KEEP_INTR;
	ASSERT_TRUE(actor_queue(self->a));
	EXPECT_EQ(EINPROGRESS, actor_do(self->b, act_enqueue));
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(EINTR, actor_end(self->a));
	EXPECT_STATE(self->a->id, QUEUED);
	EXPECT_EQ(2, lock_waiting(self->fd));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_STATE(self->a->id, GRANTED);
	EXPECT_STATE(self->b->id, QUEUED);
	EXPECT_EQ(0, actor_do(self->a, act_turn));
}

TEST_F_TIMEOUT(sig, interrupt_loses_the_place, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	self->a->flags = GIL_ACQUIRE_KEEP_TIMEOUT;
	ASSERT_TRUE(actor_queue(self->a));
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(EINTR, actor_end(self->a));
	EXPECT_STATE(self->a->id, IDLE);
	EXPECT_EQ(0, lock_waiting(self->fd));
}

TEST_F_TIMEOUT(sig, restart_keeps_the_place, PATIENCE)
{
	self->a->argument = true;
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	self->a->flags = GIL_ACQUIRE_KEEP_INTR;
	ASSERT_TRUE(actor_queue(self->a));
	EXPECT_EQ(EINPROGRESS, actor_do(self->b, act_enqueue));
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(2, lock_waiting(self->fd));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(1, count_handled(self->a));
	EXPECT_STATE(self->b->id, QUEUED);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

/* The call reports fast acquires to the kernel before it waits. */
static int act_acquire_with_figures(struct actor *actor)
{
	struct gil_acquire acquire = { .fast_acquires = 7 };

	return lock_ioctl(actor->fd, GIL_IOC_ACQUIRE, &acquire);
}

TEST_F_TIMEOUT(sig, restart_counts_once, PATIENCE)
{
	int i;

	self->a->argument = true;
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	actor_begin(self->a, act_acquire_with_figures);
	for (i = 1; i < 4; i++) {
		ASSERT_TRUE(UNTIL_STATE(self->a->id, QUEUED));
		actor_signal(self->a, SIGUSR1);
	}
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(7, thread_counts(self->fd, self->a->id).fast_acquires);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(sig, resume_restarts_in_the_place, PATIENCE)
{
	self->a->argument = true;
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, stage_queue(&self->stage, 2));
	self->a->flags = GIL_ACQUIRE_RESUME;
	actor_begin(self->a, act_acquire);
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(2, lock_waiting(self->fd));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(1, count_handled(self->a));
	EXPECT_STATE(self->b->id, QUEUED);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(sig, interrupted_yield_stays_in_the_queue, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_EQ(EINPROGRESS, actor_do(self->b, act_enqueue));
	ASSERT_TRUE(actor_queue_by(self->a, act_yield));
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(EINTR, actor_end(self->a));
	EXPECT_STATE(self->a->id, QUEUED);
	EXPECT_EQ(EPERM, actor_do(self->a, act_release));
	/* Another yield continues the wait. */
	actor_begin(self->a, act_yield);
	EXPECT_EQ(0, actor_do(self->b, act_turn));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(sig, interrupted_yield_acquires_or_cancels, PATIENCE)
{
	int i;

	ASSERT_EQ(0, actor_do(self->a, act_handle));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, actor_do(self->a, act_acquire));
		EXPECT_EQ(EINPROGRESS, actor_do(self->b, act_enqueue));
		ASSERT_TRUE(actor_queue_by(self->a, act_yield));
		actor_signal(self->a, SIGUSR1);
		EXPECT_EQ(EINTR, actor_end(self->a));
		if (i)
			EXPECT_EQ(0, actor_do(self->a, act_cancel));
		EXPECT_EQ(0, actor_do(self->b, act_cancel));
		if (i) {
			EXPECT_EQ(0, lock_owner(self->fd));
			continue;
		}
		EXPECT_EQ(0, actor_do(self->a, act_turn));
	}
}

TEST_F_TIMEOUT(sig, yield_restarts, PATIENCE)
{
	self->a->argument = true;
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_EQ(EINPROGRESS, actor_do(self->b, act_enqueue));
	ASSERT_TRUE(actor_queue_by(self->a, act_yield));
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(0, actor_do(self->b, act_acquire));
	EXPECT_FALSE(actor_ended(self->a));
	EXPECT_EQ(0, actor_do(self->b, act_release));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(1, count_handled(self->a));
	EXPECT_STATE(self->a->id, OWNER);
	EXPECT_EQ(0, actor_do(self->a, act_release));
}

TEST_F_TIMEOUT(sig, signal_pending_at_a_free_lock, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_handle));
	/* The lock is free, so there is no wait that a signal could interrupt. */
	actor_signal(self->a, SIGUSR1);
	EXPECT_EQ(0, actor_do(self->a, act_turn));
}

TEST_F_TIMEOUT(sig, stopped_and_continued, PATIENCE)
{
	if (variant->kind == ACTOR_THREAD)
		SKIP(return, "a thread stops only with its process");
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	ASSERT_TRUE(actor_queue(self->a));
	actor_signal(self->a, SIGSTOP);
	actor_signal(self->a, SIGCONT);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end_turn(self->a));
	EXPECT_EQ(0, lock_owner(self->fd));
}

/* Whichever wins, the result of the call agrees with who owns the lock. */
TEST_F_TIMEOUT(sig, race_with_the_grant, PATIENCE)
{
	int granted = 0, interrupted = 0, i;

	ASSERT_EQ(0, actor_do(self->a, act_handle));
	for (i = 0; i < 400; i++) {
		ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
		ASSERT_TRUE(actor_queue(self->a));
		if (i % 2) {
			actor_signal(self->a, SIGUSR1);
			ASSERT_EQ(0, lock_release(self->fd, 0));
		} else {
			ASSERT_EQ(0, lock_release(self->fd, 0));
			actor_signal(self->a, SIGUSR1);
		}
		switch (actor_end(self->a)) {
		case 0:
			granted++;
			ASSERT_EQ(self->a->id, lock_owner(self->fd));
			ASSERT_EQ(0, actor_do(self->a, act_release));
			break;
		case EINTR:
			/* Only if the signal was sent before the grant. */
			interrupted++;
			ASSERT_EQ(1, i % 2);
			ASSERT_EQ(EPERM, actor_do(self->a, act_release));
			break;
		default:
			ASSERT_EQ(0, self->a->result);
		}
		ASSERT_EQ(0, lock_owner(self->fd));
		ASSERT_EQ(0, lock_waiting(self->fd));
	}
	TH_LOG("%d granted, %d interrupted", granted, interrupted);
}

GIL_TEST_MAIN
