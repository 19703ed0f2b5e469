// SPDX-License-Identifier: GPL-2.0
/*
 * The table of all locks, and what tracing writes into their pages.
 *
 * While a trace event is on, each lock's page says so and libgil does not use
 * the fast path. So tracing sees everything, and costs nothing while it is off.
 */
#include "locks.h"

DEFINE_XARRAY_FLAGS(gil_locks, XA_FLAGS_ACCOUNT);
/* Protects gil_locks and the flags in the pages of its locks. */
DEFINE_MUTEX(gil_locks_mutex);

/* How many events are on. gil_locks_mutex protects it. */
static unsigned int gil_events_on;

/* Allocate before taking the mutex, which everybody else may need meanwhile. */
int gil_locks_add(struct gil_lock *lock, bool kernel_only)
{
	int ret = xa_insert(&gil_locks, lock->nr, NULL, GFP_KERNEL_ACCOUNT);

	if (ret)
		return ret;
	mutex_lock(&gil_locks_mutex);
	gil_page_flag(lock, GIL_PAGE_KERNEL_ONLY, kernel_only);
	gil_page_flag(lock, GIL_PAGE_TRACED, gil_events_on);
	xa_store(&gil_locks, lock->nr, lock, GFP_NOWAIT);
	mutex_unlock(&gil_locks_mutex);
	return 0;
}

void gil_locks_del(struct gil_lock *lock)
{
	mutex_lock(&gil_locks_mutex);
	xa_erase(&gil_locks, lock->nr);
	mutex_unlock(&gil_locks_mutex);
}

static void gil_trace_flag(bool on)
{
	struct gil_lock *lock;
	unsigned long nr;

	xa_for_each(&gil_locks, nr, lock)
		gil_page_flag(lock, GIL_PAGE_TRACED, on);
}

int gil_trace_on(void)
{
	mutex_lock(&gil_locks_mutex);
	if (!gil_events_on++)
		gil_trace_flag(true);
	mutex_unlock(&gil_locks_mutex);
	return 0;
}

void gil_trace_off(void)
{
	mutex_lock(&gil_locks_mutex);
	if (!--gil_events_on)
		gil_trace_flag(false);
	mutex_unlock(&gil_locks_mutex);
}
