/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GIL_ACQUIRE_H
#define GIL_ACQUIRE_H

#include "objects.h"

/*
 * The operations, as <linux/gil.h> has them, by the context's own thread;
 * negative error numbers. Acquire and yield may sleep.
 */
int gil_op_acquire(struct gil_ctx *ctx, u32 flags, u64 deadline_ns);
int gil_op_release(struct gil_ctx *ctx, enum gil_reason reason, bool lazy);
int gil_op_yield(struct gil_ctx *ctx);
int gil_op_cancel(struct gil_ctx *ctx);

/*
 * The context's thread or file is gone: leave the queue or pass the lock on,
 * for good. False if that has been done before. Any context; the context may
 * be one that another caller is freeing, under rcu_read_lock().
 */
bool gil_kill(struct gil_ctx *ctx);

/*
 * Has the request been granted, and not been claimed? A poller that asks after
 * it has queued on the file's wait queue misses no grant: both this and the
 * grant that comes before the wake-up take lock->lock.
 */
bool gil_is_granted(struct gil_ctx *ctx);

/* Figures that user space reports of its own fast path. */
void gil_add_fast(struct gil_ctx *ctx, u64 acquires, u64 io_releases);

/*
 * The context leaves the lock for good, whatever its state. Returns
 * what gil_pass_on() does.
 */
struct gil_ctx *gil_leave(struct gil_ctx *ctx);

/*
 * The owner, asked or by itself, lets others go first and is in the queue; it
 * goes on to gil_sleep_until_granted(). Returns what gil_pass_on() does.
 */
struct gil_ctx *gil_yield_owned(struct gil_ctx *ctx, enum gil_reason reason,
				u64 now);

/*
 * The part of an acquire that does not wait; as its ioctl, but
 * -EINPROGRESS: in the queue, and to be woken from here on if @sleep.
 */
int gil_acquire_or_queue(struct gil_ctx *ctx, u32 flags, bool sleep);

/*
 * Sleep until granted; not holding lock->lock. A grant always wins over a
 * signal, of those that @state is woken by, or the deadline that it raced
 * with; after either of those, leave the queue unless @keep says otherwise,
 * GIL_ACQUIRE_KEEP_*. Only SIGKILL wins over a grant, which goes to the next.
 */
int gil_sleep_until_granted(struct gil_ctx *ctx, unsigned int state,
			    ktime_t *deadline, u32 keep);

#endif /* GIL_ACQUIRE_H */
