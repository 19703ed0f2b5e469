/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GIL_STATS_H
#define GIL_STATS_H

#include <linux/gil.h>

struct gil_ctx;
struct gil_lock;

/* Add a time to a figure. Caller holds what protects it. */
void gil_times_add(struct gil_times *times, u64 ns);

/* Take a consistent copy. Any context; takes lock->lock. */
void gil_lock_snapshot(struct gil_lock *lock, struct gil_lock_stats *stats);

/*
 * As above; tids are the reader's. The caller keeps @ctx from being freed: it
 * is the caller's own, or lock->attach is held, or rcu_read_lock().
 */
void gil_thread_snapshot(struct gil_ctx *ctx, struct gil_thread_stats *stats);

#endif /* GIL_STATS_H */
