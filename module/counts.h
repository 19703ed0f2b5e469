/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Count what happens to a lock and to the threads on it.
 */
#ifndef GIL_COUNTS_H
#define GIL_COUNTS_H

#include <linux/log2.h>
#include <linux/minmax.h>

#include "objects.h"

/* The caller holds what protects @times. */
static inline void gil_times_add(struct gil_times *times, u64 ns)
{
	unsigned int bucket = ns ? ilog2(ns) : 0;

	times->count++;
	times->total_ns += ns;
	times->max_ns = max(times->max_ns, ns);
	times->hist[min_t(unsigned int, bucket, GIL_HIST_BUCKETS - 1)]++;
}

/* Count for the context and for its lock. The caller holds lock->lock. */
#define gil_count(ctx, field)						\
	do {								\
		struct gil_ctx *ctx_ = (ctx);				\
									\
		lockdep_assert_held(&ctx_->lock->lock);			\
		ctx_->counts.field++;					\
		ctx_->lock->counts.field++;				\
	} while (0)

#define gil_count_time(ctx, field, ns)					\
	do {								\
		struct gil_ctx *ctx_ = (ctx);				\
		u64 ns_ = (ns);						\
									\
		lockdep_assert_held(&ctx_->lock->lock);			\
		gil_times_add(&ctx_->counts.field, ns_);		\
		gil_times_add(&ctx_->lock->counts.field, ns_);		\
	} while (0)

#endif /* GIL_COUNTS_H */
