/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Scheduling policies of /dev/gil, gil.ko's own and other modules'.
 *
 * A policy says who gets a lock next, and how long its owner may keep those
 * who wait waiting. Nothing else: the core moves the lock. Each lock has one
 * policy, chosen by name when it is made or later.
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
	/* The policy's, from enqueue to pick or dequeue. */
	union {
		struct list_head node;
		struct rb_node rb;
	};

	/* The policy's for as long as it is the lock's; 0 at first. */
	u64 key;

	/* The core's: to be read. Times are ns, CLOCK_MONOTONIC. */
	struct task_struct *task;
	u32 id;
	bool io;		/* the lock last went from it for I/O */
	bool yielded;		/* it waits because it let others go first */
	u64 request_ns;		/* when it began to wait */
	u64 grant_ns;		/* the owner: since when */
};

/* The threads that wait for one lock, as its policy sees them. */
struct gil_queue {
	/*
	 * The policy's, to keep the waiters in: the lists and the tree are
	 * empty and the data 0 when the lock gets the policy.
	 */
	struct list_head list[2];
	struct rb_root_cached tree;
	u64 data[4];

	/* The core's: to be read. */
	struct gil_waiter *owner;	/* or NULL */
	u32 waiting;
	u64 interval_ns;
	u64 grace_ns;
};

/*
 * All calls are made under the lock's raw spinlock, with interrupts off, some
 * from within the scheduler: they may not sleep, wake, or take a lock, and
 * should take constant or logarithmic time.
 *
 * @name:	what users ask for; at most 15 characters.
 * @owner:	THIS_MODULE. It cannot be unloaded while a lock uses it.
 * @barging:	a release grants the lock to nobody: it calls the one that
 *		@pick returns, and whoever comes first takes the lock. One that
 *		came too late is enqueued again.
 * @enqueue:	@w begins to wait.
 * @dequeue:	@w, which waits, gives up.
 * @pick:	take the next owner out of the queue; NULL if it is empty.
 * @patience:	ns from now until the owner is asked to give way; 0: at once.
 *		Asked when the lock gets a new owner while others wait, and when
 *		one more waits, which can only make it earlier.
 * @claimed:	@w, which did not wait, is about to be the owner. May be NULL.
 * @released:	the owner has given the lock up, @held_ns after it got it. If
 *		the lock stays put then, called again when it does so no more,
 *		for that time. May be NULL.
 * @linger:	for how long the lock should stay put, now that @w has released
 *		it while others wait, lest @w comes back at once; 0: not at all.
 *		May be NULL.
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

	struct list_head node;	/* the registry's */
};

/*
 * Offer a policy, take it back: from module init and exit. May sleep. EINVAL:
 * the name's length, or a function or the owner is missing; EEXIST: the name is
 * taken.
 */
int gil_policy_register(struct gil_policy_ops *ops);
void gil_policy_unregister(struct gil_policy_ops *ops);

/* For policies that keep their waiters in order of arrival in a list. */
static inline struct gil_waiter *gil_queue_pop(struct list_head *list)
{
	struct gil_waiter *w;

	w = list_first_entry_or_null(list, struct gil_waiter, node);
	if (w)
		list_del(&w->node);
	return w;
}

#endif /* GIL_POLICY_H */
