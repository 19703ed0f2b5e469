/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lock, and a thread on it: what all files share, and what protects it.
 *
 * Lock order, outermost first:
 *
 *	gil_locks_mutex		(locks.c)    the list of all locks
 *	  lock->attach		(below)      which contexts a lock has
 *	    the run queue's lock (kernel/sched)
 *	      lock->lock	(below)      who owns it, who waits
 *	        hrtimer's base lock (kernel/time)
 *
 * lock->lock is a raw spinlock, taken with interrupts off, also from the
 * timer's interrupt, from the exit path of a task, and, when a bound thread
 * blocks, from within the scheduler, under its run queue's lock. Nothing is
 * copied from or to user space, put to sleep or woken under it: a function
 * that grants returns the context to wake, which the caller gives to
 * gil_unlock_and_wake(); under a run queue's lock it queues the context's
 * irq_work instead.
 */
#ifndef GIL_OBJECTS_H
#define GIL_OBJECTS_H

#include <linux/atomic.h>
#include <linux/gil.h>
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <gil_policy.h>

struct gil_ctx;
struct gil_entry;
struct gil_recorder;

/*
 * What the binding of a thread does for the files below bind.c, which has the
 * only implementation. These three calls are the only ones that go up.
 */
struct gil_binding_ops {
	/*
	 * Have the thread pass gil_come_back() before it is next in user mode.
	 * The caller is the thread itself while it does not own the lock, or
	 * holds lock->lock.
	 */
	void (*notify)(struct gil_ctx *ctx);
	/* The thread exits, and the context has been killed. May not sleep. */
	void (*exit)(struct gil_ctx *ctx);
	/* The context has left the lock. May sleep. */
	void (*reap)(struct gil_ctx *ctx);
};

struct gil_binding {
	const struct gil_binding_ops *ops;
};

/*
 * One lock. Referenced by the open files that it has (struct gil_file), the
 * global lock by the module too; freed, after a grace period, with the last of
 * them.
 */
struct gil_lock {
	/* Constant from gil_lock_create() on. */
	u32 nr;			/* for people: in trace events, tables */
	struct gil_page *page;	/* user space writes here: believe nothing */
	struct gil_recorder *recorder;	/* a reference, or NULL */

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
	bool open;			/* no owner; a waiter has been called */
	bool asked;			/* the owner has been asked to yield */
	bool timer_armed;
	u64 ask_at;			/* ns, when to ask the owner */
	u64 stay_until;			/* ns, the owner's state is LAZY */
	const struct gil_policy_ops *policy;	/* a reference */
	u32 policy_nr;			/* counts the policies it has had */
	struct gil_queue q;		/* all but the waiters is the core's */
	u32 waiting_max;
	u32 bound;			/* contexts that are bound, not dead */
	struct gil_counts counts;
	struct hrtimer timer;
};

/*
 * One open file on a lock. Referenced by the struct file and by each context
 * made through it; keeps a reference to the lock.
 */
struct gil_file {
	struct kref ref;
	struct gil_lock *lock;
	bool global;
	wait_queue_head_t pollers;
	struct list_head contexts;	/* lock->attach protects it */
};

/*
 * One thread on one lock, through one open file. It is linked into
 * lock->ids, its file's list and the table by task while both the thread and
 * the file live. It is used by that thread, and by whoever holds lock->lock
 * as long as @dead is not set. Its last reference frees it, after a grace
 * period.
 */
struct gil_ctx {
	/* One for being linked, one for a struct gil_binding. */
	struct kref ref;

	/* Constant from gil_ctx_attach() on; @w.id and @w.task too. */
	struct gil_lock *lock;
	struct gil_file *file;		/* a reference, which keeps @lock too */
	struct irq_work granted;	/* wakes, where the granter may not */

	/* The table by task; see context.c. */
	struct rhlist_head task_node;
	struct work_struct reap;
	struct rcu_head rcu;
	struct gil_entry *entry;	/* for its record, or NULL */

	/* lock->attach protects: */
	struct list_head file_node;

	/* lock->lock protects: */
	struct gil_waiter w;		/* with a reference to the task */
	u32 policy_nr;			/* whose w.key is */
	u32 state;			/* GIL_STATE_* */
	bool dead;			/* never touches the lock again */
	bool sleeping;			/* in gil_sleep_until_granted(), to be woken */
	bool called;			/* not in the queue: woken to barge */
	bool told_dead;			/* its next return is EOWNERDEAD */
	bool io;			/* w.io when the lock has moved on */
	struct gil_counts counts;

	/*
	 * Bound, or @bind is 0. @wants: it must own the lock when in user
	 * mode. @wants is also read by the thread itself without the lock,
	 * when only the thread can clear it.
	 */
	u32 bind;			/* GIL_BIND_* */
	struct gil_binding *binding;	/* bind.c's */
	bool wants;
	bool giving;			/* it yields on its way to user mode */
	u64 turn_ns;			/* ns, awake as the owner since */
};

/* Why a context lets go of a lock: the reason in gil:gil_release. */
enum gil_reason {
	GIL_REASON_EXPLICIT = 0,
	GIL_REASON_YIELD = 1,
	GIL_REASON_IO = 2,
	GIL_REASON_INTERVAL = 3,
	GIL_REASON_EXIT = 4,
	GIL_REASON_CANCEL = 5,
};

/* Tell user space, GIL_PAGE_*. Callers are serialised by gil_locks_mutex. */
static inline void gil_page_flag(struct gil_lock *lock, u32 flag, bool on)
{
	u32 flags = READ_ONCE(lock->page->flags);

	WRITE_ONCE(lock->page->flags, on ? flags | flag : flags & ~flag);
}

#endif /* GIL_OBJECTS_H */
