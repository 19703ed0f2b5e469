/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of scheduling policies of /dev/gil, for those in gil.ko and for
 * those in other modules.
 *
 * A policy decides which thread gets a lock next, and how long the owner may
 * keep the lock while other threads wait. The core does the rest and moves the
 * lock. Each lock has one policy, which is chosen by its name when the lock is
 * made or later.
 */
#ifndef GIL_POLICY_H
#define GIL_POLICY_H

#include <linux/list.h>
#include <linux/module.h>
#include <linux/rbtree.h>
#include <linux/types.h>

struct task_struct;

/* One thread on one lock, as a policy sees it. */
struct gil_waiter {
	/* For the policy, from enqueue to pick or dequeue. */
	union {
		struct list_head node;
		struct rb_node rb;
	};

	/* For the policy: 0 when the lock gets the policy, and kept after that. */
	u64 key;

	/*
	 * The core writes these, and the policy may read them. Times are in ns
	 * of CLOCK_MONOTONIC.
	 */
	struct task_struct *task;
	u32 id;
	bool io;		/* it last lost the lock because of I/O */
	bool yielded;		/* it waits because it let others go first */
	u64 request_ns;		/* when it began to wait */
	u64 grant_ns;		/* when it became the owner */
};

/* One lock and the threads that wait for it, as its policy sees them. */
struct gil_queue {
	/*
	 * For the policy, to keep the waiters in. When a lock gets the policy,
	 * the lists and the tree are empty, and the data are 0.
	 */
	struct list_head list[2];
	struct rb_root_cached tree;
	u64 data[4];

	/* The core writes these, and the policy may read them. */
	struct gil_waiter *owner;	/* or NULL */
	u32 waiting;			/* how many threads wait */
	u64 interval_ns;
	u64 grace_ns;
};

/*
 * The core calls all functions under the lock's raw spinlock with interrupts
 * off, and some from within the scheduler. They must not sleep, wake a thread,
 * or take a lock, and should take constant or logarithmic time. @now is in ns
 * of CLOCK_MONOTONIC.
 *
 * @name:	the name by which users choose the policy, at most 15 characters.
 * @owner:	THIS_MODULE, which cannot be unloaded while a lock uses the
 *		policy.
 * @barging:	a release grants the lock to nobody. It wakes the thread that
 *		@pick returns, and the first thread that comes takes the lock. A
 *		woken thread that comes too late is enqueued again.
 * @enqueue:	@w begins to wait.
 * @dequeue:	@w waits and gives up.
 * @pick:	take the next owner out of the queue and return it, or NULL if
 *		the queue is empty.
 * @patience:	return in how many ns the owner is to be asked to give way; 0:
 *		at once. The core calls this when the lock gets a new owner while
 *		threads wait, and when another thread begins to wait. In the
 *		second case the answer can only make the time earlier.
 * @claimed:	@w is about to be the owner and did not wait. May be NULL.
 * @released:	the owner has released the lock, which it got @held_ns ago. If
 *		the lock stays put after that, @released is called again at the
 *		end of that time, and @held_ns is then its length. May be NULL.
 * @linger:	return for how many ns the lock should stay put, because @w may
 *		come back at once; 0: not at all. The core calls this when @w has
 *		released the lock while others wait. May be NULL.
 */
struct gil_policy_ops {
	const char *name;
	struct module *owner;
	bool barging;
	void (*enqueue)(struct gil_queue *q, struct gil_waiter *w, u64 now);
	void (*dequeue)(struct gil_queue *q, struct gil_waiter *w);
	struct gil_waiter *(*pick)(struct gil_queue *q, u64 now);
	u64 (*patience)(const struct gil_queue *q, u64 now);
	void (*claimed)(struct gil_queue *q, struct gil_waiter *w);
	void (*released)(struct gil_queue *q, struct gil_waiter *w,
			 u64 held_ns);
	u64 (*linger)(const struct gil_queue *q, const struct gil_waiter *w,
		      u64 now);

	struct list_head node;	/* for the registry of policies */
};

/*
 * Offer a policy when the module is loaded, and take it back when the module is
 * unloaded. Both may sleep. EINVAL: the name is empty or too long, or @owner or
 * a function that may not be NULL is missing; EEXIST: another policy has this
 * name.
 */
int gil_policy_register(struct gil_policy_ops *ops);
void gil_policy_unregister(struct gil_policy_ops *ops);

/* The first waiter of a list, which is taken out of it; NULL if there is none. */
static inline struct gil_waiter *gil_queue_pop(struct list_head *list)
{
	struct gil_waiter *w;

	w = list_first_entry_or_null(list, struct gil_waiter, node);
	if (w)
		list_del(&w->node);
	return w;
}

#endif /* GIL_POLICY_H */
