/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that differs between the kernels this module builds against,
 * 6.1 and later. Kbuild asks the headers and defines GIL_HAVE_*.
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
 * A probe of the wrong prototype may trap under CFI. So each is compared with
 * the type check that the kernel's own header makes for its probes: one that
 * does not fit does not compile.
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
 * What binding threads needs. Debian's kernels export task_work_add(),
 * mainline does not: a weak reference lets the module load all the same. The
 * probe of forks allocates, which a PREEMPT_RT kernel cannot do there.
 */
#if defined(CONFIG_PREEMPT_NOTIFIERS) && !defined(CONFIG_PREEMPT_RT)
#define GIL_CAN_BIND
extern typeof(task_work_add) task_work_add __weak;
#endif

/*
 * Under a raw lock: with KASAN, task_work_add() would allocate to note who
 * called it. (Later kernels never do; 6.1 does, and has no way to be told.)
 */
#ifdef GIL_HAVE_TWAF_NO_ALLOC
#define GIL_TWA_LOCKED	(TWA_RESUME | TWAF_NO_ALLOC)
#else
#define GIL_TWA_LOCKED	TWA_RESUME
#endif

/* What is against it in this kernel, for people, or NULL. */
static inline const char *gil_bind_obstacle(void)
{
#ifdef GIL_CAN_BIND
	return task_work_add ? NULL : "does not export task_work_add()";
#elif defined(CONFIG_PREEMPT_RT)
	return "is PREEMPT_RT";
#else
	return "has no CONFIG_PREEMPT_NOTIFIERS";
#endif
}

/*
 * From a sched_out notifier: is the task being switched away from blocked, or
 * merely preempted? A blocked task may stay on the run queue for a while, if
 * the scheduler delays its dequeueing.
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
 * The kernel's own events for waits for locks, so that what knows nothing of
 * this module ('perf lock contention') sees its waits. To the outside a lock is
 * a mutex: one owner, and who waits sleeps.
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
