/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Consistent copies of the figures of a lock or a thread.
 */
#ifndef GIL_STATS_H
#define GIL_STATS_H

#include <linux/gil.h>

struct gil_ctx;
struct gil_lock;

/*
 * When a snapshot was taken, and since when the lock has had its owner or the
 * thread has waited or been the owner. @since_ns is 0 if none of these is so,
 * and for an owner by the fast path only.
 */
struct gil_when {
	u64 now_ns;
	u64 since_ns;
};

/* Take a consistent copy. Any context. Takes lock->lock. @when may be NULL. */
void gil_lock_snapshot_when(struct gil_lock *lock,
			    struct gil_lock_stats *stats,
			    struct gil_when *when);

static inline void gil_lock_snapshot(struct gil_lock *lock,
				     struct gil_lock_stats *stats)
{
	gil_lock_snapshot_when(lock, stats, NULL);
}

/*
 * As above, with tids in the reader's pid namespace. The caller keeps @ctx from
 * being freed: it is the caller's own, or the caller holds lock->attach or
 * rcu_read_lock().
 */
void gil_thread_snapshot_when(struct gil_ctx *ctx,
			      struct gil_thread_stats *stats,
			      struct gil_when *when);

static inline void gil_thread_snapshot(struct gil_ctx *ctx,
				       struct gil_thread_stats *stats)
{
	gil_thread_snapshot_when(ctx, stats, NULL);
}

#endif /* GIL_STATS_H */
