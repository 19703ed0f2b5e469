/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bind threads to locks, and follow bound threads through their lives.
 */
#ifndef GIL_BIND_H
#define GIL_BIND_H

#include <linux/types.h>

#include "params.h"

struct file;
struct task_struct;

/*
 * Bind the calling thread through an open gil file, or change how it is bound.
 * It owns the lock when it is next in user mode. Returns what GIL_IOC_BIND
 * returns; the caller has checked @bind for EINVAL. May sleep.
 */
int gil_op_bind(struct file *filp, u32 bind);

/* ENOENT: not bound through this file. Takes effect before user mode. */
int gil_op_unbind(struct file *filp);

/* The calling task, if bound, has a new child or executes; these do not sleep. */
void gil_bind_fork(struct task_struct *child);
void gil_bind_exec_privileged(void);

/* Offer no more than @level, and log what this kernel cannot do. */
void gil_bind_init(enum gil_level level);
/* Called when no context is left and births are no longer watched. */
void gil_bind_cleanup(void);

#endif /* GIL_BIND_H */
