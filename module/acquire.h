/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The operations on a lock, and waiting for it.
 */
#ifndef GIL_ACQUIRE_H
#define GIL_ACQUIRE_H

#include "objects.h"

/*
 * The operations of <linux/gil.h>, called by the context's own thread. They
 * return 0 or a negative error number. Acquire and yield may sleep. The deadline
 * is at most KTIME_MAX, in the kernel's own time.
 */
int gil_op_acquire(struct gil_ctx *ctx, u32 flags, u64 deadline_ns);
int gil_op_release(struct gil_ctx *ctx, enum gil_reason reason, bool lazy);
int gil_op_yield(struct gil_ctx *ctx);
int gil_op_cancel(struct gil_ctx *ctx);

/*
 * The context's thread or file is gone: leave the queue or pass the lock on,
 * for good. False: another caller has done so before. Any context. Under
 * rcu_read_lock(), another caller may be freeing the context meanwhile.
 */
bool gil_kill(struct gil_ctx *ctx);

/*
 * Has the request been granted, but not been claimed? A poller that calls this
 * after it has queued on the file's wait queue misses no grant, because both
 * this function and the grant before the wake-up take lock->lock.
 */
bool gil_is_granted(struct gil_ctx *ctx);

/* Add the figures that user space reports of its own fast path. */
void gil_add_fast(struct gil_ctx *ctx, u64 acquires, u64 io_releases);

/*
 * Leave the lock for good, in whatever state. Returns the context to wake, or
 * NULL. The caller holds lock->lock.
 */
struct gil_ctx *gil_leave(struct gil_ctx *ctx);

/*
 * The owner lets others go first and queues again; the caller goes on to
 * gil_sleep_until_granted(). Returns the context to wake, or NULL. The caller
 * holds lock->lock.
 */
struct gil_ctx *gil_yield_owned(struct gil_ctx *ctx, enum gil_reason reason,
				u64 now);

/*
 * The part of an acquire that does not wait. Returns what the ioctl returns, or
 * -EINPROGRESS: the context is in the queue. If @sleep, a grant wakes the
 * thread from here on, and otherwise the pollers. The caller holds lock->lock.
 */
int gil_acquire_or_queue(struct gil_ctx *ctx, u32 flags, bool sleep);

/*
 * Sleep in @state until granted. The caller does not hold lock->lock.
 *
 * A grant wins over the deadline and over any signal except SIGKILL, after
 * which it goes to the next waiter. After a signal or at the deadline, the
 * context leaves the queue unless @keep, GIL_ACQUIRE_KEEP_*, says otherwise.
 */
int gil_sleep_until_granted(struct gil_ctx *ctx, unsigned int state,
			    ktime_t *deadline, u32 keep);

#endif /* GIL_ACQUIRE_H */
