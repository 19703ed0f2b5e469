/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Everything that differs between the kernels this module builds against,
 * 6.1 and later. Kbuild asks the headers and defines GIL_HAVE_*.
 */
#ifndef GIL_COMPAT_H
#define GIL_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <trace/events/sched.h>

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
 * The sched_process_exit probe has had two prototypes. A probe of the wrong
 * one may trap under CFI, so the type check that the kernel's own header
 * makes for its probes chooses between two wrappers. A third prototype does
 * not compile.
 */
typedef void gil_exit_probe_1_t(void *data, struct task_struct *task);
typedef void gil_exit_probe_2_t(void *data, struct task_struct *task,
				bool group_dead);

#define GIL_EXIT_PROBE(probe_1, probe_2)				\
	__builtin_choose_expr(						\
		__same_type(check_trace_callback_type_sched_process_exit, \
			    void (gil_exit_probe_1_t *)),		\
		(void *)(probe_1),					\
		__builtin_choose_expr(					\
			__same_type(check_trace_callback_type_sched_process_exit, \
				    void (gil_exit_probe_2_t *)),	\
			(void *)(probe_2), (void)0))

#endif /* GIL_COMPAT_H */
