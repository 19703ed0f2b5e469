// SPDX-License-Identifier: GPL-2.0
/*
 * Consistent copies of the figures of a lock or a thread.
 */
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "core.h"
#include "stats.h"

/* 0 if the context does not hold the lock, as a lazy owner does not. */
static u64 gil_owned_since(const struct gil_ctx *ctx)
{
	bool owns = ctx->state == GIL_STATE_OWNER ||
		    ctx->state == GIL_STATE_GRANTED;

	lockdep_assert_held(&ctx->lock->lock);

	return owns && ctx->lock->owner == ctx ? ctx->w.grant_ns : 0;
}

void gil_lock_snapshot_when(struct gil_lock *lock,
			    struct gil_lock_stats *stats,
			    struct gil_when *when)
{
	unsigned long flags;

	memset(stats, 0, sizeof(*stats));
	stats->lock = lock->nr;
	stats->threads = READ_ONCE(lock->threads);

	raw_spin_lock_irqsave(&lock->lock, flags);
	stats->owner = gil_owner_id(lock);
	stats->waiting = lock->q.waiting + lock->absent;
	stats->waiting_max = lock->waiting_max;
	stats->interval_ns = lock->q.interval_ns;
	stats->grace_ns = lock->q.grace_ns;
	stats->bound = lock->bound;
	stats->counts = lock->counts;
	strscpy(stats->policy, lock->policy->name, sizeof(stats->policy));
	if (when) {
		when->now_ns = ktime_get_ns();
		when->since_ns = lock->owner ? gil_owned_since(lock->owner) : 0;
	}
	raw_spin_unlock_irqrestore(&lock->lock, flags);

	/* User space writes these figures, so they need not be true. */
	stats->counts.fast_acquires += READ_ONCE(lock->page->fast_acquires);
	stats->counts.io_releases += READ_ONCE(lock->page->fast_io_releases);
}

void gil_thread_snapshot_when(struct gil_ctx *ctx,
			      struct gil_thread_stats *stats,
			      struct gil_when *when)
{
	struct gil_lock *lock = ctx->lock;
	unsigned long flags;

	memset(stats, 0, sizeof(*stats));
	stats->id = ctx->w.id;
	stats->tid = task_pid_vnr(ctx->w.task);
	stats->tgid = task_tgid_vnr(ctx->w.task);
	strscpy(stats->comm, ctx->w.task->comm, sizeof(stats->comm));
	stats->lock = lock->nr;
	stats->cpu_ns = READ_ONCE(ctx->w.task->se.sum_exec_runtime);

	raw_spin_lock_irqsave(&lock->lock, flags);
	stats->state = ctx->state;
	stats->bind = ctx->bind;
	if (gil_owner_id(lock) == ctx->w.id && ctx->state == GIL_STATE_IDLE)
		stats->state = GIL_STATE_OWNER;
	stats->counts = ctx->counts;
	if (when) {
		when->now_ns = ktime_get_ns();
		when->since_ns = ctx->state == GIL_STATE_QUEUED ?
			ctx->w.request_ns : gil_owned_since(ctx);
	}
	raw_spin_unlock_irqrestore(&lock->lock, flags);
}
