/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of all locks, and what tracing writes into their pages.
 */
#ifndef GIL_LOCKS_H
#define GIL_LOCKS_H

#include "objects.h"

/*
 * All locks, by their numbers. Each has a reference of its own, so the holder of
 * the mutex may use every lock that it finds here.
 */
extern struct xarray gil_locks;
extern struct mutex gil_locks_mutex;

/* Add a lock, and take it out. May sleep. EBUSY: the number is in use; ENOMEM. */
int gil_locks_add(struct gil_lock *lock, bool kernel_only);
void gil_locks_del(struct gil_lock *lock);

/* The tracing core calls these when an event is switched on or off. */
int gil_trace_on(void);
void gil_trace_off(void);

#endif /* GIL_LOCKS_H */
