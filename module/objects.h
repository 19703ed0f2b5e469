/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The objects that all files share: locks, open files on them, and threads.
 *
 * Files use only those below them. tools/lint/layers checks this, taking a .c
 * file and its header as one. The floors, from the top:
 *
 *	main.c		load and unload, in order
 *	chardev.c	the file operations of /dev/gil
 *	ioctl.c		the ioctls; task_watch.c: births, execs and exits of tasks
 *	bind.c		how a task is hooked, so that it cannot escape its lock
 *	create.c	making a private lock
 *	yield.c		seeing bound owners call sched_yield()
 *	context.c	threads on locks, open files, and their ends
 *	lock.c		making a lock, its settings, and its end
 *	blocking.c	bound threads; record.c: records; debugfs.c: tables
 *	acquire.c	the operations, and waiting; stats.c: snapshots
 *	core.c		the states and moves of a lock; params.c: parameters
 *	ask.c		when an owner is asked; policy.c: registry of policies
 *	gil_trace.c	the trace events
 *	locks.c		the table of all locks; policy_*.c: the policies
 *	objects.h	this file; compat.h: differences between kernels; timens.h:
 *			the caller's clock
 *
 * Only function pointers lead up: struct gil_binding_ops and the lock's timer.
 *
 * Lock order, outermost first:
 *
 *	gil_locks_mutex		(locks.c)    the table of all locks
 *	  lock->attach		(below)      which contexts a lock has
 *	    the run queue's lock (kernel/sched)
 *	      lock->lock	(below)      who owns it, who waits
 *	        hrtimer's base lock (kernel/time)
 *
 * lock->lock is a raw spinlock, taken with interrupts off. The timer's interrupt
 * and the exit path of a task take it too, and so does the scheduler, under the
 * run queue's lock, when a bound thread blocks. So nothing sleeps, wakes, or
 * copies from or to user space under it. A function that grants returns the
 * context to wake, and the caller passes that to gil_unlock_and_wake(). Under a
 * run queue's lock the caller queues the context's irq_work instead.
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

/* What a thread's binding does for the files below bind.c, which has these. */
struct gil_binding_ops {
	/*
	 * Have the thread pass gil_come_back() before it is next in user mode.
	 * The caller holds lock->lock, or is the thread itself while it does
	 * not own the lock. The thread itself may also call this without
	 * lock->lock, even from an NMI, if it may be in user mode once more for
	 * the moment that another CPU needs to queue the same work.
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
 * One lock. Its open files (struct gil_file) have references to it, and the
 * module has one to the global lock. The last reference frees it, after a grace
 * period.
 */
struct gil_lock {
	/* Constant from gil_lock_create() on. */
	u32 nr;			/* for people: in trace events, tables */
	struct gil_page *page;	/* user space writes here: believe nothing */
	struct gil_recorder *recorder;	/* a reference, or NULL */

	struct kref ref;
	struct rcu_head rcu;	/* gil_kill() may reach it by a context under RCU */

	/*
	 * Contexts come and go under this mutex, in process context only. @ids
	 * (id -> context) is also read under RCU. Only the holder of this mutex
	 * changes @policy.
	 */
	struct mutex attach;
	struct xarray ids;
	u32 next_id;
	u32 threads;

	/* Protects the rest, and the part of struct gil_ctx that says so. */
	raw_spinlock_t lock;

	struct gil_ctx *owner;		/* the one the kernel knows; core.c */
	bool abandoned;			/* the last owner died; no owner now */
	bool open;			/* no owner; a waiter has been called */
	bool asked;			/* the owner has been asked to yield */
	bool timer_armed;
	/* ns: when to ask the owner; if asked or open, when to look again. */
	u64 ask_at;
	u64 ask_from;			/* ns, when the patience began */
	u64 stay_until;			/* ns, end of a lazy owner's stay */
	const struct gil_policy_ops *policy;	/* a reference */
	u32 policy_nr;			/* counts the policies it has had */
	struct gil_queue q;		/* the policy keeps the waiters in it */
	struct list_head moving;	/* waiters that change the policy; core.c */
	bool gathering;			/* waiters go to @moving, not from it */
	u32 waiting_max;
	u32 absent;			/* contexts that are absent */
	struct list_head called;		/* waiters (by w.node) that were called */
	u32 bound;			/* contexts that are bound and alive */
	struct gil_counts counts;
	struct hrtimer timer;
};

/*
 * One open file on a lock. The struct file and each context made through it
 * have references to it, and it has one to the lock.
 */
struct gil_file {
	struct kref ref;
	struct gil_lock *lock;
	bool global;
	wait_queue_head_t pollers;
	struct list_head contexts;	/* lock->attach protects it */
};

/*
 * A context: one thread on one lock, through one open file. It is linked into
 * lock->ids, its file's list and the table by task while both the thread and
 * the file live. The thread uses it, and so does any holder of lock->lock until
 * @dead is set. The last reference frees it, after a grace period.
 */
struct gil_ctx {
	/* One reference for being linked, one for a struct gil_binding. */
	struct kref ref;

	/* Constant from gil_ctx_attach() on; @w.id and @w.task too. */
	struct gil_lock *lock;
	struct gil_file *file;		/* a reference, which keeps @lock too */
	struct irq_work granted;	/* wakes where the granter may not */

	/* The table by task; see context.c. */
	struct rhlist_head task_node;
	struct work_struct reap;
	struct rcu_head rcu;
	struct gil_entry *entry;	/* for its record, or NULL */

	/* lock->attach protects: */
	struct list_head file_node;

	/* lock->lock protects: */
	struct gil_waiter w;		/* with a reference to the task */
	u32 policy_nr;			/* which policy made w.key */
	u32 state;			/* GIL_STATE_* */
	bool dead;			/* never touches the lock again */
	bool sleeping;			/* a grant is to wake the thread */
	bool called;			/* not in the queue: woken to barge */
	bool absent;			/* called, but not counted as waiting */
	bool moving;			/* in lock->moving, not in lock->q */
	bool told_dead;			/* its next return is EOWNERDEAD */
	bool io;			/* w.io once the lock has moved on */
	struct gil_counts counts;

	u32 bind;			/* GIL_BIND_*, or 0: not bound */
	struct gil_binding *binding;	/* or NULL: not bound */
	bool wants;			/* in user mode it must own the lock */
	bool giving;			/* yields on its way to user mode */
	bool off_cpu;			/* it could run, but has no CPU */
	u64 turn_ns;			/* ns, when its turn as owner began */
};

/* Why a context gives a lock up: the reason in event gil:gil_release. */
enum gil_reason {
	GIL_REASON_EXPLICIT = 0,
	GIL_REASON_YIELD = 1,
	GIL_REASON_IO = 2,
	GIL_REASON_INTERVAL = 3,
	GIL_REASON_EXIT = 4,
	GIL_REASON_CANCEL = 5,
};

/* Set or clear GIL_PAGE_* @flag. The caller holds gil_locks_mutex. */
static inline void gil_page_flag(struct gil_lock *lock, u32 flag, bool on)
{
	u32 flags = READ_ONCE(lock->page->flags);

	WRITE_ONCE(lock->page->flags, on ? flags | flag : flags & ~flag);
}

#endif /* GIL_OBJECTS_H */
