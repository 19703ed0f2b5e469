/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A policy says who gets a lock next, and how long its owner may keep those
 * who wait waiting. Nothing else: the core moves the lock.
 */
#ifndef GIL_POLICY_H
#define GIL_POLICY_H

#include <linux/types.h>

struct gil_ctx;
struct gil_lock;

/*
 * All calls are made under lock->lock, with interrupts off: they may not
 * sleep, wake, or take a lock, and should take constant time.
 *
 * @enqueue:	@ctx begins to wait.
 * @dequeue:	@ctx, which waits, gives up.
 * @pick:	take the next owner out of the queue; NULL if nobody waits.
 * @patience:	ns from now until the owner is asked to give way.
 */
struct gil_policy_ops {
	const char *name;
	void (*enqueue)(struct gil_lock *lock, struct gil_ctx *ctx);
	void (*dequeue)(struct gil_lock *lock, struct gil_ctx *ctx);
	struct gil_ctx *(*pick)(struct gil_lock *lock);
	u64 (*patience)(const struct gil_lock *lock);
};

/* The policy of that name, or NULL. Any context; policies live for ever. */
const struct gil_policy_ops *gil_policy_find(const char *name);

extern const struct gil_policy_ops gil_policy_fifo;

#endif /* GIL_POLICY_H */
