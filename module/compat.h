/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All differences between the kernels that this module builds for, 6.1 and
 * later. Kbuild looks at the kernel's headers and defines GIL_HAVE_*.
 */
#ifndef GIL_COMPAT_H
#define GIL_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/task_work.h>
#include <trace/events/sched.h>
#ifdef GIL_HAVE_CONTENTION
#include <trace/events/lock.h>
#endif

#ifndef GIL_HAVE_HRTIMER_SETUP
static inline void
hrtimer_setup(struct hrtimer *timer,
	      enum hrtimer_restart (*function)(struct hrtimer *),
	      clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#ifndef GIL_HAVE_VM_FLAGS_CLEAR
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}

static inline void vm_flags_clear(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags &= ~flags;
}
#endif

/*
 * A probe with the wrong prototype may trap under CFI. So compare each with the
 * type check that the kernel's own header makes for probes of that event. A
 * probe that does not fit does not compile.
 */
#define GIL_PROBE_FITS(event, type)					\
	__same_type(check_trace_callback_type_##event, void (type))

#define GIL_PROBE(event, type, probe)					\
	__builtin_choose_expr(GIL_PROBE_FITS(event, type),		\
			      (void *)(probe), (void)0)

/* The sched_process_exit event has had two prototypes. */
#define GIL_EXIT_PROBE(type_1, probe_1, type_2, probe_2)		\
	__builtin_choose_expr(						\
		GIL_PROBE_FITS(sched_process_exit, type_1),		\
		(void *)(probe_1),					\
		GIL_PROBE(sched_process_exit, type_2, probe_2))

/*
 * What binding threads needs. Debian's kernels export task_work_add(), but
 * mainline does not. A weak reference lets the module load there all the same.
 * docs/design.md says what stands in the way of PREEMPT_RT and proxy execution.
 */
#if defined(CONFIG_PREEMPT_NOTIFIERS) && !defined(CONFIG_PREEMPT_RT) &&	\
	!defined(CONFIG_SCHED_PROXY_EXEC)
#define GIL_CAN_BIND
extern typeof(task_work_add) task_work_add __weak;
#endif

/* The flags of tasks that have no user mode of their own. */
#ifdef PF_USER_WORKER
#define GIL_PF_NEVER_BOUND	(PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER)
#else
#define GIL_PF_NEVER_BOUND	(PF_KTHREAD | PF_IO_WORKER)
#endif

/*
 * For task_work_add() under a raw lock: with KASAN it would allocate memory to
 * record its caller. Of the kernels without this flag, 6.1 does allocate, and
 * later ones never do.
 */
#ifdef GIL_HAVE_TWAF_NO_ALLOC
#define GIL_TWA_LOCKED	(TWA_RESUME | TWAF_NO_ALLOC)
#else
#define GIL_TWA_LOCKED	TWA_RESUME
#endif

/* Why this kernel cannot bind threads, for its log, or NULL. */
static inline const char *gil_bind_obstacle(void)
{
#ifdef GIL_CAN_BIND
	return task_work_add ? NULL : "does not export task_work_add()";
#elif defined(CONFIG_PREEMPT_RT)
	return "is PREEMPT_RT";
#elif defined(CONFIG_SCHED_PROXY_EXEC)
	return "has CONFIG_SCHED_PROXY_EXEC";
#else
	return "has no CONFIG_PREEMPT_NOTIFIERS";
#endif
}

/*
 * For a sched_out notifier: does the task block, or is it merely preempted? If
 * the scheduler delays its dequeueing, a blocked task may stay on the run queue
 * for a while.
 */
static inline bool gil_task_blocks(const struct task_struct *task)
{
#ifdef GIL_HAVE_SCHED_DELAYED
	if (task->se.sched_delayed)
		return true;
#endif
	return !task->on_rq;
}

/*
 * Wake a task, which runs on this CPU if it may. The flag is private to the
 * scheduler. It came with the function that Kbuild looks for, in Linux 6.6, and
 * has this value since.
 */
static inline void gil_wake_up_here(struct task_struct *task)
{
#ifdef GIL_HAVE_WAKE_HERE
	struct wait_queue_entry entry = { .private = task };

	default_wake_function(&entry, TASK_NORMAL, 0x40 /* WF_CURRENT_CPU */,
			      NULL);
#else
	wake_up_process(task);
#endif
}

/*
 * The kernel's own events about waiting for locks. With these, tools that know
 * nothing of this module ('perf lock contention') see its waits. They see a lock
 * as a mutex, because it has one owner and its waiters sleep.
 */
static inline void gil_contention_begin(void *lock)
{
#ifdef GIL_HAVE_CONTENTION
	trace_contention_begin(lock, LCB_F_MUTEX);
#endif
}

static inline void gil_contention_end(void *lock, int ret)
{
#ifdef GIL_HAVE_CONTENTION
	trace_contention_end(lock, ret);
#endif
}

#endif /* GIL_COMPAT_H */
