// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 5: the lock of assignment 4 with a switch interval. README.md says
 * what it must do. Only the marked parts are yours; you may add others.
 */
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/wait.h>

#define LAB_INTERVAL

/* What a lock needs besides: yours. */
struct lab_lock {
	/* BEGIN SOLUTION */
	struct list_head waiters;	/* in order of arrival */
	bool owner_died;		/* the last one, and nobody knows yet */
	bool armed;			/* the owner is to be asked */
	u64 ask_at;			/* ns, if armed */
	struct hrtimer timer;
	/* END SOLUTION */
};

/* What a thread needs besides: yours. */
struct lab_thread {
	/* BEGIN SOLUTION */
	struct list_head node;
	wait_queue_head_t wait;
	bool after_death;
	u64 since;			/* ns: its request, then its grant */
	u64 waited;			/* ns, from the one to the other */
	/* END SOLUTION */
};

#include "lab_frame.h"

/* BEGIN SOLUTION */
/* All of these are called with the guard held. */

/* The owner's interval begins, if it runs and somebody waits. */
static void arm(struct gil_lock *lock)
{
	if (lock->lab.armed || lock->page->drop_request || !lock->q.waiting ||
	    lock->owner->state != GIL_STATE_OWNER)
		return;
	lock->lab.armed = true;
	lock->lab.ask_at = ktime_get_ns() + lock->interval_ns;
	hrtimer_start(&lock->lab.timer, ns_to_ktime(lock->lab.ask_at),
		      HRTIMER_MODE_ABS);
}

static void disarm(struct gil_lock *lock)
{
	lock->lab.armed = false;
	hrtimer_try_to_cancel(&lock->lab.timer);
}

/* The owner's turn is over. The first waiter owns the lock before it runs. */
static void pass_on(struct gil_ctx *from, enum gil_reason reason)
{
	bool died = reason == GIL_REASON_EXIT;
	struct gil_lock *lock = from->lock;
	u64 now = ktime_get_ns();
	struct gil_ctx *next;

	disarm(lock);
	WRITE_ONCE(lock->page->drop_request, 0);
	trace_gil_release(lock, from, reason, now - from->lab.since);
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
	next->lab.waited = now - next->lab.since;
	next->lab.since = now;
	trace_gil_grant(lock, next, from, next->lab.waited);
	lab_count(next, handoffs);
	WRITE_ONCE(next->state, GIL_STATE_GRANTED);
	wake_up(&next->lab.wait);
}

/* The owner knows that it is the owner: its turn begins. */
static void begin_turn(struct gil_ctx *ctx)
{
	bool contended = ctx->state == GIL_STATE_GRANTED;
	u64 now = ktime_get_ns();

	if (contended) {
		lab_count(ctx, contended);
	} else {
		ctx->lab.since = now;
		ctx->lab.waited = 0;
	}
	ctx->state = GIL_STATE_OWNER;
	lab_count(ctx, slow_acquires);
	trace_gil_acquire(ctx->lock, ctx, contended, ctx->lab.waited,
			  now - ctx->lab.since);
	arm(ctx->lock);
}

static void enqueue(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;

	ctx->lab.since = ktime_get_ns();
	ctx->state = GIL_STATE_QUEUED;
	trace_gil_request(lock, ctx);
	list_add_tail(&ctx->lab.node, &lock->lab.waiters);
	lock->q.waiting++;
	arm(lock);
}

/* The wait is over. Only the state says whether the lock was granted. */
static int settle(struct gil_ctx *ctx, int err)
{
	struct gil_lock *lock = ctx->lock;

	if (ctx->state == GIL_STATE_GRANTED) {
		err = ctx->lab.after_death ? -EOWNERDEAD : 0;
		begin_turn(ctx);
		return err;
	}
	list_del(&ctx->lab.node);
	lock->q.waiting--;
	ctx->state = GIL_STATE_IDLE;
	if (!lock->q.waiting)
		disarm(lock);
	return err;
}

static bool is_granted(struct gil_ctx *ctx)
{
	return READ_ONCE(ctx->state) == GIL_STATE_GRANTED;
}

static enum hrtimer_restart interval_over(struct hrtimer *timer)
{
	struct gil_lock *lock = container_of(timer, struct gil_lock, lab.timer);
	u64 now = ktime_get_ns();
	unsigned long flags;

	spin_lock_irqsave(&lock->guard, flags);
	/* The lock may have moved while the timer waited for the guard. */
	if (lock->lab.armed && now >= lock->lab.ask_at) {
		lock->lab.armed = false;
		WRITE_ONCE(lock->page->drop_request, 1);
		lab_count(lock->owner, drop_requests);
		trace_gil_drop_request(lock, lock->owner,
				       now - lock->owner->lab.since);
	}
	spin_unlock_irqrestore(&lock->guard, flags);
	return HRTIMER_NORESTART;
}

/* END SOLUTION */
/* A new lock, which no thread uses yet: yours. */
static void lab_lock_begins(struct gil_lock *lock)
{
	/* BEGIN SOLUTION */
	INIT_LIST_HEAD(&lock->lab.waiters);
	hrtimer_init(&lock->lab.timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	lock->lab.timer.function = interval_over;
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
	ktime_t deadline = min_t(u64, request->deadline_ns, KTIME_MAX);
	struct gil_lock *lock = ctx->lock;
	ktime_t left = KTIME_MAX;
	int err = 0;

	spin_lock_irq(&lock->guard);
	if (lock->owner == ctx) {
		err = -EDEADLK;
	} else if (!lock->owner) {
		lock->owner = ctx;
		err = lock->lab.owner_died ? -EOWNERDEAD : 0;
		lock->lab.owner_died = false;
		trace_gil_request(lock, ctx);
		begin_turn(ctx);
	} else if (request->flags & GIL_ACQUIRE_TRY) {
		err = -EBUSY;
	} else {
		enqueue(ctx);
		err = -EINPROGRESS;
	}
	spin_unlock_irq(&lock->guard);
	if (err != -EINPROGRESS)
		return err;

	if (request->flags & GIL_ACQUIRE_DEADLINE)
		left = max(0, ktime_sub(deadline, ktime_get()));
	err = wait_event_interruptible_hrtimeout(ctx->lab.wait,
						 is_granted(ctx), left);
	spin_lock_irq(&lock->guard);
	err = settle(ctx, err == -ETIME ? -ETIMEDOUT : err);
	spin_unlock_irq(&lock->guard);
	return err;
	/* END SOLUTION */
}

/* GIL_IOC_RELEASE; @io: the owner is about to block: yours. */
static int lab_release(struct gil_ctx *ctx, bool io)
{
	/* BEGIN SOLUTION */
	/* STUB: return -EPERM; */
	int err = -EPERM;

	spin_lock_irq(&ctx->lock->guard);
	if (ctx->lock->owner == ctx) {
		lab_count(ctx, releases);
		if (io)
			lab_count(ctx, io_releases);
		pass_on(ctx, io ? GIL_REASON_IO : GIL_REASON_EXPLICIT);
		err = 0;
	}
	spin_unlock_irq(&ctx->lock->guard);
	return err;
	/* END SOLUTION */
}

/* GIL_IOC_YIELD: yours. */
static int lab_yield(struct gil_ctx *ctx)
{
	/* BEGIN SOLUTION */
	/* STUB: return -EPERM; */
	struct gil_lock *lock = ctx->lock;
	bool asked, waits = false;
	int err = 0;

	spin_lock_irq(&lock->guard);
	if (lock->owner != ctx) {
		err = -EPERM;
	} else if (lock->q.waiting) {
		asked = lock->page->drop_request;
		lab_count(ctx, releases);
		lab_count(ctx, yields);
		if (asked)
			lab_count(ctx, forced_switches);
		pass_on(ctx, asked ? GIL_REASON_INTERVAL : GIL_REASON_YIELD);
		enqueue(ctx);
		waits = true;
	}
	spin_unlock_irq(&lock->guard);
	if (!waits)
		return err;

	err = wait_event_killable(ctx->lab.wait, is_granted(ctx));
	spin_lock_irq(&lock->guard);
	err = settle(ctx, err);
	spin_unlock_irq(&lock->guard);
	return err;
	/* END SOLUTION */
}

/* GIL_IOC_SET_INTERVAL, and a new lock's interval: yours. */
static int lab_set_interval(struct gil_lock *lock, u64 ns)
{
	/* BEGIN SOLUTION */
	/* STUB: return ns ? 0 : -EINVAL; */
	if (ns < GIL_INTERVAL_MIN_NS || ns > GIL_INTERVAL_MAX_NS)
		return -EINVAL;
	spin_lock_irq(&lock->guard);
	lock->interval_ns = ns;
	lock->page->interval_ns = ns;
	spin_unlock_irq(&lock->guard);
	return 0;
	/* END SOLUTION */
}

/* The thread is gone: yours. */
static void lab_ended(struct gil_ctx *ctx)
{
	/* BEGIN SOLUTION */
	unsigned long flags;

	spin_lock_irqsave(&ctx->lock->guard, flags);
	if (ctx->lock->owner == ctx) {
		trace_gil_owner_died(ctx->lock, ctx);
		pass_on(ctx, GIL_REASON_EXIT);
	}
	spin_unlock_irqrestore(&ctx->lock->guard, flags);
	/* END SOLUTION */
}

/* No thread is left, and the lock's memory is about to be freed: yours. */
static void lab_lock_ends(struct gil_lock *lock)
{
	/* BEGIN SOLUTION */
	hrtimer_cancel(&lock->lab.timer);
	/* END SOLUTION */
}

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Assignment 5: a switch interval");
