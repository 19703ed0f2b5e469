/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Threads that the kernel keeps to a lock: the side of it that knows tasks.
 */
#ifndef GIL_BIND_H
#define GIL_BIND_H

#include <linux/types.h>

#include "params.h"

struct file;
struct task_struct;

/*
 * Bind the calling thread by an open gil file, or change how it is bound. It
 * owns the lock when it is next in user mode. As GIL_IOC_BIND, but EINVAL is
 * the caller's to find. May sleep.
 */
int gil_op_bind(struct file *filp, u32 bind);

/* ENOENT: not bound by this file. Done when it is next in user mode. */
int gil_op_unbind(struct file *filp);

/*
 * What happens to tasks, for those that are bound; called by the task itself.
 * None of them sleeps.
 */
void gil_bind_fork(struct task_struct *child);
void gil_bind_exec_privileged(void);

/* Offer no more than @level; say in the log what the kernel cannot. */
void gil_bind_init(enum gil_level level);
/* No context is left, and no task's birth is watched. */
void gil_bind_cleanup(void);

#endif /* GIL_BIND_H */
