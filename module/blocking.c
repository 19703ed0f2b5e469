// SPDX-License-Identifier: GPL-2.0
/*
 * What a lock does when a bound thread blocks, and when it comes back.
 *
 * A bound thread wants the lock (ctx->wants) except between its own release and
 * its next acquire. While it wants the lock, it owns it whenever it is in user
 * mode. Only the thread itself takes the lock from a bound owner that runs, and
 * it does so at three points in the kernel:
 *
 *	gil_blocks()	 the thread blocks, and the scheduler switches away
 *	gil_preempted()	 the thread has been asked to give way, or yields, and the
 *			 scheduler switches away although the thread could run
 *	gil_come_back()	 the thread has been asked to give way, and is on its
 *			 way to user mode
 *
 * From an owner that has no CPU the lock's timer takes the lock (off_cpu). So the
 * CPU scheduler cannot keep the lock from others, however little CPU time it
 * gives the owner.
 *
 * bind.c makes the thread pass gil_come_back() whenever it has lost the lock or
 * has been asked, whatever it was doing in the kernel.
 */
#include <linux/freezer.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/sched/signal.h>

#include "acquire.h"
#include "blocking.h"
#include "core.h"
#include "counts.h"
#include "gil_trace.h"

/* Only SIGKILL ends this wait. It adds no load and does not delay a suspend. */
#define GIL_COMING_BACK	(TASK_KILLABLE | TASK_NOLOAD | TASK_FREEZABLE)

void gil_set_bound(struct gil_ctx *ctx, struct gil_binding *binding, u32 bind)
{
	struct gil_lock *lock = ctx->lock;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock->lock, flags);
	if (!ctx->bind)
		lock->bound++;
	ctx->binding = binding;
	ctx->bind = bind;
	ctx->wants = true;
	trace_gil_bind(lock, ctx, bind);
	raw_spin_unlock_irqrestore(&lock->lock, flags);
}

static int gil_clear_bound_locked(struct gil_ctx *ctx, struct gil_ctx **next)
{
	struct gil_lock *lock = ctx->lock;

	if (ctx->bind && !ctx->dead)
		lock->bound--;
	ctx->binding = NULL;
	ctx->bind = 0;
	ctx->wants = false;
	ctx->giving = false;
	trace_gil_unbind(lock, ctx);
	if (!ctx->dead && lock->owner == ctx)
		*next = gil_let_go(ctx, GIL_REASON_EXPLICIT, ktime_get_ns());
	else if (!ctx->dead)
		gil_drop_fast(ctx);
	return 0;
}

void gil_clear_bound(struct gil_ctx *ctx)
{
	gil_do_locked(ctx, gil_clear_bound_locked);
}

/*
 * Under the run queue's lock, interrupts off.
 *
 * Do not give up a grant that the thread has not taken yet. A bound thread
 * queues only for gil_sleep_until_granted(), so it is asleep there and is being
 * woken.
 *
 * Treat a killed owner that blocks while it exits (to dump core, say) as dead
 * now. Otherwise the next owner would get the lock without EOWNERDEAD.
 */
void gil_blocks(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next = NULL;

	raw_spin_lock(&lock->lock);
	if (ctx->dead)
		goto out;
	if (gil_is_killed(ctx->w.task)) {
		next = gil_leave(ctx);
	} else if (lock->owner != ctx) {
		if (gil_drop_fast(ctx)) {
			gil_count(ctx, releases);
			gil_count(ctx, io_releases);
			ctx->w.io = true;
			ctx->wants = true;
		}
	} else if (ctx->state == GIL_STATE_OWNER) {
		u64 now = ktime_get_ns();

		trace_gil_io_release(lock, ctx, now - ctx->w.grant_ns);
		gil_end_hold(ctx, GIL_REASON_IO, now);
		next = gil_pass_on(ctx, false, now);
	} else if (ctx->state == GIL_STATE_LAZY) {
		next = gil_pass_on(ctx, false, ktime_get_ns());
	}
	if (next)
		irq_work_queue(&next->granted);
out:
	raw_spin_unlock(&lock->lock);
}

/*
 * Under the run queue's lock, interrupts off.
 *
 * An owner that has been asked to give way, or that is about to by itself, lets
 * go here, because it may not have a CPU again for long. Any other owner keeps
 * the lock until the timer finds that it has no CPU.
 */
void gil_preempted(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next = NULL;

	raw_spin_lock(&lock->lock);
	ctx->off_cpu = true;
	if (lock->owner == ctx && ctx->state == GIL_STATE_OWNER &&
	    lock->q.waiting && (ctx->giving || lock->asked))
		next = gil_take_away(ctx, ktime_get_ns());
	if (next)
		irq_work_queue(&next->granted);
	raw_spin_unlock(&lock->lock);
}

void gil_runs_on(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;
	unsigned long flags;

	/* Without the lock, because only the thread itself changes it. */
	if (!ctx->off_cpu)
		return;
	raw_spin_lock_irqsave(&lock->lock, flags);
	ctx->off_cpu = false;
	raw_spin_unlock_irqrestore(&lock->lock, flags);
}

/*
 * Reads and writes without lock->lock, because a kprobe calls this, perhaps from
 * an NMI. gil_come_back() looks again under the lock.
 */
void gil_gives_way(struct gil_ctx *ctx)
{
	const struct gil_lock *lock = ctx->lock;

	if (READ_ONCE(lock->owner) != ctx ||
	    READ_ONCE(ctx->state) != GIL_STATE_OWNER ||
	    !READ_ONCE(lock->q.waiting))
		return;
	WRITE_ONCE(ctx->giving, true);
	ctx->binding->ops->notify(ctx);
}

/*
 * The scheduler has switched to the thread, which reads three fields of its own
 * context without lock->lock. The answer may be a wrong yes, but no wrong no:
 * only the thread clears @wants or changes @sleeping, and only the thread takes
 * the lock from itself when its state is OWNER and it has a CPU, which
 * gil_runs_on() has just noted. Another CPU can make it the
 * owner, though, which is how a wrong yes comes about:
 *
 *	the thread, owner by the fast path	another CPU
 *
 *						gil_pull()
 *						  gil_own()
 *						    wants = true
 *	gil_is_away()
 *	  wants is true, state is IDLE: yes
 *						    state = OWNER
 *	gil_come_back()
 *	  under lock->lock, state is OWNER:
 *	  nothing to do
 */
bool gil_is_away(struct gil_ctx *ctx)
{
	return READ_ONCE(ctx->wants) && !READ_ONCE(ctx->sleeping) &&
	       READ_ONCE(ctx->state) != GIL_STATE_OWNER;
}

/* On its way to user mode: must the owner let others go first? */
static bool gil_must_give(const struct gil_ctx *ctx, bool giving)
{
	const struct gil_lock *lock = ctx->lock;

	if (lock->owner != ctx || ctx->state != GIL_STATE_OWNER ||
	    !lock->q.waiting)
		return false;
	return giving || (lock->asked && ctx->bind & GIL_BIND_SLICE);
}

/*
 * The part of gil_come_back() that does not wait. -EINPROGRESS: the context is
 * in the queue.
 */
static int gil_request_back(struct gil_ctx *ctx, struct gil_ctx **next)
{
	bool giving = ctx->giving;
	int ret;

	ctx->giving = false;
	if (ctx->dead || !ctx->wants)
		return 0;
	if (ctx->state != GIL_STATE_OWNER) {
		if (ctx->state == GIL_STATE_IDLE)
			trace_gil_take_back(ctx->lock, ctx);
		ret = gil_acquire_or_queue(ctx, 0, true);
		if (ret == -EINPROGRESS)
			return ret;
	}
	if (!gil_must_give(ctx, giving))
		return 0;
	*next = gil_yield_owned(ctx, giving ? GIL_REASON_YIELD :
					      GIL_REASON_INTERVAL,
				ktime_get_ns());
	return -EINPROGRESS;
}

void gil_come_back(struct gil_ctx *ctx)
{
	if (gil_do_locked(ctx, gil_request_back) == -EINPROGRESS)
		gil_sleep_until_granted(ctx, GIL_COMING_BACK, NULL, 0);
}
