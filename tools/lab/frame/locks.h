/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Assignments 4 and 5: a lock and a thread. This file is given. It has this name
 * because gil_trace.h, which is the one of gil.ko, includes it.
 *
 * "Yours" is what your functions keep up to date while they hold @guard. All
 * fields are 0 in a new lock and in a new thread.
 */
#ifndef LAB_LOCKS_H
#define LAB_LOCKS_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include <linux/gil.h>

struct gil_lock {
	/* Protects what is yours. It may be taken with interrupts off. */
	spinlock_t guard;

	/* Yours. */
	struct gil_ctx *owner;		/* or NULL */
	struct {
		u32 waiting;		/* threads in the queue */
	} q;
	u64 interval_ns;		/* assignment 5 */
	struct gil_counts counts;	/* by lab_count() */
	struct lab_lock lab;		/* what you need besides */

	/* The frame's. You may read @nr and write into @page. */
	u32 nr;
	struct gil_page *page;
	struct mutex attach;		/* which threads a lock has */
	u32 last_id;
	u32 threads;
	struct list_head of_all;
};

/* A thread that uses a lock through one open file. */
struct gil_ctx {
	struct gil_lock *lock;
	struct {
		u32 id;
		struct task_struct *task;
	} w;

	/* Yours. */
	u32 state;			/* GIL_STATE_* */
	struct gil_counts counts;	/* by lab_count() */
	struct lab_thread lab;		/* what you need besides */

	/* The frame's. */
	struct list_head of_file;
	struct list_head of_all;
	bool ended;
};

/* Count for a thread and for its lock. The caller holds the guard. */
#define lab_count(ctx, field)						\
	do {								\
		(ctx)->counts.field++;					\
		(ctx)->lock->counts.field++;				\
	} while (0)

/* Why an owner gives the lock up, in trace events. */
enum gil_reason {
	GIL_REASON_EXPLICIT,
	GIL_REASON_YIELD,
	GIL_REASON_IO,
	GIL_REASON_INTERVAL,
	GIL_REASON_EXIT,
	GIL_REASON_CANCEL,
};

/* The tracing core calls these. This lock has no fast path that they close. */
static inline int gil_trace_on(void)
{
	return 0;
}

static inline void gil_trace_off(void)
{
}

#endif /* LAB_LOCKS_H */
