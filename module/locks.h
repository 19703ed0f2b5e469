/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GIL_LOCKS_H
#define GIL_LOCKS_H

#include "objects.h"

/* All locks, for tracing and debugfs. */
extern struct list_head gil_locks;
extern struct mutex gil_locks_mutex;

/* Enter a lock in the list of all, take it out. May sleep. */
void gil_locks_add(struct gil_lock *lock, bool kernel_only);
void gil_locks_del(struct gil_lock *lock);

/* Called by the tracing core for each event that is switched on or off. */
int gil_trace_on(void);
void gil_trace_off(void);

#endif /* GIL_LOCKS_H */
