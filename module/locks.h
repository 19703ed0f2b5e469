/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The list of all locks, and what tracing writes into their pages.
 */
#ifndef GIL_LOCKS_H
#define GIL_LOCKS_H

#include "objects.h"

/* All locks. */
extern struct list_head gil_locks;
extern struct mutex gil_locks_mutex;

/* Add a lock to the list, and take it out. May sleep. */
void gil_locks_add(struct gil_lock *lock, bool kernel_only);
void gil_locks_del(struct gil_lock *lock);

/* The tracing core calls these when an event is switched on or off. */
int gil_trace_on(void);
void gil_trace_off(void);

#endif /* GIL_LOCKS_H */
