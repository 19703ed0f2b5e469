// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 4: the lock of assignment 3 for threads, which release it during
 * I/O. README.md says what it must do. Only the marked parts are yours; you may
 * add others.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/wait.h>

/* What a lock needs besides: yours. */
struct lab_lock {
	/* BEGIN SOLUTION */
	struct list_head waiters;	/* in order of arrival */
	bool owner_died;		/* the last one, and nobody knows yet */
	/* END SOLUTION */
};

/* What a thread needs besides: yours. */
struct lab_thread {
	/* BEGIN SOLUTION */
	struct list_head node;
	wait_queue_head_t wait;
	bool after_death;
	/* END SOLUTION */
};

#include "lab_frame.h"

/* BEGIN SOLUTION */
/* The owner's turn is over. The caller holds the guard. */
static void pass_on(struct gil_ctx *from, bool died)
{
	struct gil_lock *lock = from->lock;
	struct gil_ctx *next;

	from->state = GIL_STATE_IDLE;
	next = list_first_entry_or_null(&lock->lab.waiters, struct gil_ctx,
					lab.node);
	lock->owner = next;
	lock->lab.owner_died = died && !next;
	if (!next)
		return;
	list_del(&next->lab.node);
	lock->q.waiting--;
	next->lab.after_death = died;
	lab_count(next, handoffs);
	WRITE_ONCE(next->state, GIL_STATE_GRANTED);
	wake_up(&next->lab.wait);
}

static int wait_for_grant(struct gil_ctx *ctx,
			  const struct gil_acquire *request)
{
	ktime_t deadline = min_t(u64, request->deadline_ns, KTIME_MAX);
	struct gil_lock *lock = ctx->lock;
	ktime_t left = KTIME_MAX;
	int err;

	if (request->flags & GIL_ACQUIRE_DEADLINE)
		left = max(0, ktime_sub(deadline, ktime_get()));
	err = wait_event_interruptible_hrtimeout(ctx->lab.wait,
						 READ_ONCE(ctx->state) ==
						 GIL_STATE_GRANTED, left);
	spin_lock(&lock->guard);
	if (ctx->state == GIL_STATE_GRANTED) {
		err = ctx->lab.after_death ? -EOWNERDEAD : 0;
		ctx->state = GIL_STATE_OWNER;
		lab_count(ctx, slow_acquires);
		lab_count(ctx, contended);
	} else {
		list_del(&ctx->lab.node);
		lock->q.waiting--;
		ctx->state = GIL_STATE_IDLE;
	}
	spin_unlock(&lock->guard);
	return err == -ETIME ? -ETIMEDOUT : err;
}

/* END SOLUTION */
/* A new lock, which no thread uses yet: yours. */
static void lab_lock_begins(struct gil_lock *lock)
{
	/* BEGIN SOLUTION */
	INIT_LIST_HEAD(&lock->lab.waiters);
	/* END SOLUTION */
}

/* A new thread on a lock: yours. */
static void lab_thread_begins(struct gil_ctx *ctx)
{
	/* BEGIN SOLUTION */
	init_waitqueue_head(&ctx->lab.wait);
	/* END SOLUTION */
}

/* GIL_IOC_ACQUIRE: yours. */
static int lab_acquire(struct gil_ctx *ctx, const struct gil_acquire *request)
{
	/* BEGIN SOLUTION */
	/* STUB: return -EBUSY; */
	struct gil_lock *lock = ctx->lock;
	int err = 0;

	spin_lock(&lock->guard);
	if (lock->owner == ctx) {
		err = -EDEADLK;
	} else if (!lock->owner) {
		lock->owner = ctx;
		ctx->state = GIL_STATE_OWNER;
		lab_count(ctx, slow_acquires);
		err = lock->lab.owner_died ? -EOWNERDEAD : 0;
		lock->lab.owner_died = false;
	} else if (request->flags & GIL_ACQUIRE_TRY) {
		err = -EBUSY;
	} else {
		ctx->state = GIL_STATE_QUEUED;
		list_add_tail(&ctx->lab.node, &lock->lab.waiters);
		lock->q.waiting++;
		err = -EINPROGRESS;
	}
	spin_unlock(&lock->guard);
	if (err != -EINPROGRESS)
		return err;
	return wait_for_grant(ctx, request);
	/* END SOLUTION */
}

/* GIL_IOC_RELEASE; @io: the owner is about to block: yours. */
static int lab_release(struct gil_ctx *ctx, bool io)
{
	/* BEGIN SOLUTION */
	/* STUB: return -EPERM; */
	int err = -EPERM;

	spin_lock(&ctx->lock->guard);
	if (ctx->lock->owner == ctx) {
		lab_count(ctx, releases);
		if (io)
			lab_count(ctx, io_releases);
		pass_on(ctx, false);
		err = 0;
	}
	spin_unlock(&ctx->lock->guard);
	return err;
	/* END SOLUTION */
}

/* The thread is gone: yours. */
static void lab_ended(struct gil_ctx *ctx)
{
	/* BEGIN SOLUTION */
	spin_lock(&ctx->lock->guard);
	if (ctx->lock->owner == ctx)
		pass_on(ctx, true);
	spin_unlock(&ctx->lock->guard);
	/* END SOLUTION */
}

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Assignment 4: release during I/O");
