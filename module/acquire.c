// SPDX-License-Identifier: GPL-2.0
/*
 * The operations on a lock, and waiting for it.
 */
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "acquire.h"
#include "ask.h"
#include "compat.h"
#include "core.h"
#include "counts.h"
#include "gil_trace.h"

static void gil_count_failure(struct gil_ctx *ctx, int err)
{
	if (err == -ETIMEDOUT)
		gil_count(ctx, timeouts);
	else
		gil_count(ctx, interrupts);
}

/* Has the waiter been granted the lock, or been called? */
static bool gil_is_granted_or_called(const struct gil_ctx *ctx)
{
	/* Pairs with gil_revoke(), which sets @called before the state. */
	u32 state = smp_load_acquire(&ctx->state);

	return state != GIL_STATE_QUEUED || READ_ONCE(ctx->called);
}

/*
 * Sleep until the context has been granted the lock or been called: 0. After
 * -ETIMEDOUT or -ERESTARTSYS, that may have happened in the meantime too.
 */
static int gil_sleep(struct gil_ctx *ctx, unsigned int state,
		     ktime_t *deadline)
{
	bool expired = false;
	int ret = 0;

	for (;;) {
		set_current_state(state);
		if (gil_is_granted_or_called(ctx))
			break;
		ret = expired ? -ETIMEDOUT : -ERESTARTSYS;
		if (expired || signal_pending_state(state, current))
			break;
		ret = 0;
		expired = !schedule_hrtimeout_range(deadline, 0,
						    HRTIMER_MODE_ABS);
	}
	__set_current_state(TASK_RUNNING);
	return ret;
}

/*
 * A step of the wait, after gil_sleep() has returned *@ret. Returns whether the
 * wait is over; *@ret is then its result, and *@next the context to wake.
 */
static bool gil_end_wait(struct gil_ctx *ctx, u32 keep, int *ret,
			 struct gil_ctx **next)
{
	lockdep_assert_held(&ctx->lock->lock);

	if (fatal_signal_pending(current)) {
		/* Do not take a grant: the thread would die as the owner. */
		*ret = -ERESTARTSYS;
		keep = 0;
	} else if (ctx->state == GIL_STATE_GRANTED) {
		*ret = gil_take(ctx);
		return true;
	} else if (ctx->called && gil_answer(ctx, ret)) {
		return true;
	}
	if (!*ret)
		return false;
	if (keep & (*ret == -ETIMEDOUT ? GIL_ACQUIRE_KEEP_TIMEOUT :
					 GIL_ACQUIRE_KEEP_INTR))
		return true;

	/* A grant that was revoked may have set it. */
	ctx->wants = false;
	gil_count_failure(ctx, *ret);
	if (ctx->state == GIL_STATE_GRANTED)
		*next = gil_let_go(ctx, GIL_REASON_CANCEL, ktime_get_ns());
	else
		*next = gil_ctx_dequeue(ctx, ktime_get_ns());
	return true;
}

int gil_sleep_until_granted(struct gil_ctx *ctx, unsigned int state,
			    ktime_t *deadline, u32 keep)
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next = NULL;
	unsigned long flags;
	bool over;
	int ret;

	gil_contention_begin(lock);
	do {
		ret = gil_sleep(ctx, state, deadline);

		raw_spin_lock_irqsave(&lock->lock, flags);
		over = gil_end_wait(ctx, keep, &ret, &next);
		if (over)
			ctx->sleeping = false;
		gil_unlock_and_wake(lock, next, flags, false);
	} while (!over);
	gil_contention_end(lock, ret);
	return ret;
}

/* Wait for the owner, unless it is the caller through another context. */
static int gil_queue_up(struct gil_ctx *ctx, bool sleep)
{
	struct gil_lock *lock = ctx->lock;

	if (lock->owner->w.task == ctx->w.task &&
	    lock->owner->state != GIL_STATE_LAZY)
		return -EDEADLK;
	trace_gil_request(lock, ctx);
	if (sleep)
		trace_gil_wait(lock, ctx);
	/* Before gil_call() can see it: that calls sleepers only. */
	ctx->sleeping = sleep;
	gil_ctx_enqueue(ctx, ktime_get_ns(), false);
	return -EINPROGRESS;
}

int gil_acquire_or_queue(struct gil_ctx *ctx, u32 flags, bool sleep)
{
	struct gil_lock *lock = ctx->lock;
	bool try = flags & GIL_ACQUIRE_TRY;

	lockdep_assert_held(&lock->lock);

	switch (ctx->state) {
	case GIL_STATE_OWNER:
		return -EDEADLK;
	case GIL_STATE_GRANTED:
		return gil_take(ctx);
	case GIL_STATE_LAZY:
		gil_return(ctx, ktime_get_ns());
		return 0;
	case GIL_STATE_QUEUED:
		if (try)
			return -EBUSY;
		ctx->sleeping = sleep;
		return -EINPROGRESS;
	}
	if (flags & GIL_ACQUIRE_RESUME)
		return -ENOENT;

	gil_pull(lock);
	if (!lock->owner) {
		trace_gil_request(lock, ctx);
		return gil_claim(ctx);
	}
	if (try)
		return lock->owner->w.task == ctx->w.task ? -EDEADLK : -EBUSY;
	return gil_queue_up(ctx, sleep);
}

/*
 * Did a bound thread lose the lock by blocking in this very system call (in a
 * page fault, say)? As far as it can tell it still owns the lock, and it will
 * again before it returns.
 */
static bool gil_was_taken(const struct gil_ctx *ctx)
{
	return ctx->bind && ctx->wants && ctx->state == GIL_STATE_IDLE &&
	       ctx->lock->owner != ctx;
}

int gil_op_acquire(struct gil_ctx *ctx, u32 flags, u64 deadline_ns)
{
	bool sleep = !(flags & (GIL_ACQUIRE_TRY | GIL_ACQUIRE_ENQUEUE));
	struct gil_lock *lock = ctx->lock;
	unsigned long irqflags;
	ktime_t deadline = ns_to_ktime(deadline_ns);
	int ret;

	raw_spin_lock_irqsave(&lock->lock, irqflags);
	/* A bound thread could block elsewhere and let a grant go unused. */
	if (ctx->bind)
		flags &= ~GIL_ACQUIRE_KEEP;
	if (ctx->bind && flags & GIL_ACQUIRE_ENQUEUE)
		ret = -EINVAL;
	else if (gil_was_taken(ctx))
		ret = -EDEADLK;
	else
		ret = gil_acquire_or_queue(ctx, flags, sleep);
	raw_spin_unlock_irqrestore(&lock->lock, irqflags);
	if (ret != -EINPROGRESS || !sleep)
		return ret;

	return gil_sleep_until_granted(ctx, TASK_INTERRUPTIBLE,
			flags & GIL_ACQUIRE_DEADLINE ? &deadline : NULL, flags);
}

/* For how many ns the lock stays put after this release. */
static u64 gil_release_stay(struct gil_ctx *ctx, enum gil_reason reason,
			    bool lazy, bool asked, u64 now)
{
	struct gil_lock *lock = ctx->lock;

	if (!lock->q.waiting || asked)
		return 0;
	if (lazy)
		return lock->q.grace_ns;
	if (reason == GIL_REASON_EXPLICIT && lock->policy->linger)
		return lock->policy->linger(&lock->q, &ctx->w, now);
	return 0;
}

/* Release if the caller is the owner, or -EPERM. Sets the context to wake. */
static int gil_release_owned(struct gil_ctx *ctx, enum gil_reason reason,
			     bool lazy, struct gil_ctx **next)
{
	struct gil_lock *lock = ctx->lock;
	bool asked = lock->asked;
	u64 now, stay_ns;

	gil_pull(lock);
	/* After the pull, because an owner adopted there holds since then. */
	now = ktime_get_ns();
	if (lock->owner != ctx || ctx->state != GIL_STATE_OWNER) {
		gil_put_back(lock);
		if (!gil_was_taken(ctx))
			return -EPERM;
		ctx->wants = false;
		return 0;
	}
	gil_end_hold(ctx, reason, now);
	ctx->wants = false;
	stay_ns = gil_release_stay(ctx, reason, lazy, asked, now);
	if (stay_ns)
		gil_stay(ctx, now, stay_ns);
	else
		*next = gil_pass_on(ctx, false, now);
	return 0;
}

int gil_op_release(struct gil_ctx *ctx, enum gil_reason reason, bool lazy)
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next = NULL;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&lock->lock, flags);
	if (lazy && !ctx->bind)
		ret = -EINVAL;
	else
		ret = gil_release_owned(ctx, reason, lazy, &next);
	gil_unlock_and_wake(lock, next, flags, false);
	return ret;
}

/*
 * The part of a yield that does not wait. -EINPROGRESS: the lock has been passed
 * on, and the context is in the queue.
 */
static int gil_give_way(struct gil_ctx *ctx, struct gil_ctx **next)
{
	struct gil_lock *lock = ctx->lock;
	u64 now = ktime_get_ns();

	lockdep_assert_held(&lock->lock);

	if (ctx->state == GIL_STATE_GRANTED)
		return gil_take(ctx);
	if (ctx->state == GIL_STATE_QUEUED && ctx->w.yielded) {
		ctx->sleeping = true;
		return -EINPROGRESS;
	}
	if (ctx->state == GIL_STATE_LAZY)
		return -EPERM;
	if (gil_was_taken(ctx))
		return 0;
	if (!lock->q.waiting) {
		if (gil_owner_id(lock) != ctx->w.id)
			return -EPERM;
		gil_unask(lock);
		return 0;
	}
	if (lock->owner != ctx)
		return -EPERM;
	if (ctx->bind) {
		/* gil_come_back() lets others go first and gets the lock back. */
		ctx->giving = true;
		ctx->binding->ops->notify(ctx);
		return 0;
	}

	*next = gil_yield_owned(ctx, GIL_REASON_YIELD, now);
	return -EINPROGRESS;
}

struct gil_ctx *gil_yield_owned(struct gil_ctx *ctx, enum gil_reason reason,
				u64 now)
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next;

	lockdep_assert_held(&lock->lock);

	gil_count(ctx, yields);
	if (lock->asked)
		gil_count(ctx, forced_switches);
	next = gil_let_go(ctx, reason, now);
	trace_gil_request(lock, ctx);
	trace_gil_wait(lock, ctx);
	ctx->sleeping = true;
	gil_ctx_enqueue(ctx, now, true);
	return next;
}

int gil_op_yield(struct gil_ctx *ctx)
{
	int ret = gil_do_locked(ctx, gil_give_way);

	if (ret != -EINPROGRESS)
		return ret;
	return gil_sleep_until_granted(ctx, TASK_INTERRUPTIBLE, NULL,
				       GIL_ACQUIRE_KEEP);
}

static int gil_cancel_locked(struct gil_ctx *ctx, struct gil_ctx **next)
{
	u64 now = ktime_get_ns();

	if (ctx->state != GIL_STATE_QUEUED && ctx->state != GIL_STATE_GRANTED)
		return -ENOENT;
	gil_count(ctx, cancels);
	if (ctx->state == GIL_STATE_QUEUED) {
		*next = gil_ctx_dequeue(ctx, now);
	} else {
		ctx->wants = false;
		*next = gil_let_go(ctx, GIL_REASON_CANCEL, now);
	}
	return 0;
}

int gil_op_cancel(struct gil_ctx *ctx)
{
	return gil_do_locked(ctx, gil_cancel_locked);
}

struct gil_ctx *gil_leave(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next = NULL;

	if (ctx->state == GIL_STATE_QUEUED)
		next = gil_ctx_dequeue(ctx, ktime_get_ns());
	/* Adopt a fast owner, so that its death counts too. */
	if (gil_owner_id(lock) == ctx->w.id) {
		gil_pull(lock);
		gil_put_back(lock);
	}
	if (lock->owner == ctx)
		next = gil_let_go(ctx, GIL_REASON_EXIT, ktime_get_ns());
	return next;
}

static int gil_kill_locked(struct gil_ctx *ctx, struct gil_ctx **next)
{
	if (ctx->dead)
		return false;
	*next = gil_leave(ctx);
	if (ctx->bind)
		ctx->lock->bound--;
	WRITE_ONCE(ctx->dead, true);
	return true;
}

bool gil_kill(struct gil_ctx *ctx)
{
	return gil_do_locked(ctx, gil_kill_locked);
}

bool gil_is_granted(struct gil_ctx *ctx)
{
	unsigned long flags;
	bool granted;

	raw_spin_lock_irqsave(&ctx->lock->lock, flags);
	granted = ctx->state == GIL_STATE_GRANTED;
	raw_spin_unlock_irqrestore(&ctx->lock->lock, flags);
	return granted;
}

void gil_add_fast(struct gil_ctx *ctx, u64 acquires, u64 io_releases)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ctx->lock->lock, flags);
	ctx->counts.fast_acquires += acquires;
	ctx->counts.io_releases += io_releases;
	raw_spin_unlock_irqrestore(&ctx->lock->lock, flags);
}
