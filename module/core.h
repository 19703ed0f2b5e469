/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The lock core: who owns a lock, who waits, and how it moves. It knows
 * nothing of files, user memory or tracing back ends.
 *
 * Lock order, outermost first:
 *
 *	gil_locks_mutex		(context.c)  the list of all locks
 *	  lock->attach		(below)      which contexts a lock has
 *	    lock->lock		(below)      who owns it, who waits
 *
 * lock->lock is a raw spinlock, taken with interrupts off, also from the
 * timer's interrupt and from the exit path of a task. Nothing is copied from
 * or to user space, put to sleep or woken under it: a function that grants
 * returns the task to wake, which the caller wakes after unlocking, or queues
 * the context's irq_work.
 */
#ifndef GIL_CORE_H
#define GIL_CORE_H

#include <linux/atomic.h>
#include <linux/gil.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

struct gil_file;
struct gil_policy_ops;

/*
 * One lock. Referenced by the open files that it has (struct gil_file), the
 * global lock by the module too; freed, after a grace period, with the last of
 * them.
 */
struct gil_lock {
	/* Constant from gil_lock_create() on. */
	u32 nr;			/* for people: in trace events, tables */
	struct gil_page *page;	/* user space writes here: believe nothing */

	struct kref ref;
	struct rcu_head rcu;	/* gil_kill() comes here by a context under RCU */

	/* gil_locks_mutex protects: */
	struct list_head locks_node;

	/*
	 * Contexts come and go under this mutex; process context only. @ids
	 * (id -> context) is also read under RCU.
	 */
	struct mutex attach;
	struct xarray ids;
	u32 next_id;
	u32 threads;

	/* Protects the rest, and what struct gil_ctx says of it. */
	raw_spinlock_t lock;

	struct gil_ctx *owner;		/* kernel-kept owner; see core.c */
	bool abandoned;			/* the last owner died; no owner now */
	bool asked;			/* the owner has been asked to yield */
	bool timer_armed;
	u64 ask_at;			/* ns, when to ask the owner */
	u64 interval_ns;
	const struct gil_policy_ops *policy;
	struct list_head queue;		/* in the policy's order */
	u32 waiting;
	u32 waiting_max;
	struct gil_counts counts;
	struct hrtimer timer;
};

/*
 * One thread on one lock, through one open file. It is linked into
 * lock->ids, its file's list and the table by task while both the thread and
 * the file live. It is used by that thread, and by whoever holds lock->lock
 * as long as @dead is not set; gil_ctx_unlink() frees it after a grace period.
 */
struct gil_ctx {
	/* Constant from gil_ctx_attach() on. */
	struct gil_lock *lock;
	struct task_struct *task;	/* a reference */
	struct gil_file *file;		/* a reference, which keeps @lock too */
	u32 id;
	struct irq_work granted;	/* tells pollers of a grant */

	/* The table by task; see context.c. */
	struct rhlist_head task_node;
	struct work_struct reap;
	struct rcu_head rcu;

	/* lock->attach protects: */
	struct list_head file_node;

	/* lock->lock protects: */
	u32 state;			/* GIL_STATE_* */
	bool dead;			/* never touches the lock again */
	bool sleeping;			/* in gil_wait(), to be woken */
	bool yielding;			/* queued by a yield, which may resume */
	bool told_dead;			/* its next return is EOWNERDEAD */
	u64 request_ns;
	u64 grant_ns;
	struct list_head queue_node;	/* the policy's */
	struct gil_counts counts;
};

/* Why a context lets go of a lock: the reason in gil:gil_release. */
enum gil_reason {
	GIL_REASON_EXPLICIT = 0,
	GIL_REASON_YIELD = 1,
	GIL_REASON_IO = 2,
	GIL_REASON_EXIT = 4,
	GIL_REASON_CANCEL = 5,
};

/*
 * A new lock with one reference. Error pointer: ENOMEM. May sleep, as may
 * gil_lock_put(), unless the reference is not the last.
 */
struct gil_lock *gil_lock_create(u32 nr, const struct gil_policy_ops *policy,
				 u64 interval_ns);
void gil_lock_get(struct gil_lock *lock);
void gil_lock_put(struct gil_lock *lock);

/*
 * The operations, as <linux/gil.h> has them, by the context's own thread;
 * negative error numbers. Acquire and yield may sleep.
 */
int gil_acquire(struct gil_ctx *ctx, u32 flags, u64 deadline_ns);
int gil_release(struct gil_ctx *ctx, enum gil_reason reason);
int gil_yield(struct gil_ctx *ctx);
int gil_cancel(struct gil_ctx *ctx);

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

u64 gil_get_interval(struct gil_lock *lock);
void gil_set_interval(struct gil_lock *lock, u64 interval_ns);

/* Who owns the lock, as far as can be known, or 0. Holding lock->lock. */
u32 gil_owner_id(struct gil_lock *lock);

/* Tell user space, GIL_PAGE_*. Callers are serialised by gil_locks_mutex. */
static inline void gil_page_flag(struct gil_lock *lock, u32 flag, bool on)
{
	u32 flags = READ_ONCE(lock->page->flags);

	WRITE_ONCE(lock->page->flags, on ? flags | flag : flags & ~flag);
}

#endif /* GIL_CORE_H */
