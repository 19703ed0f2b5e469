// SPDX-License-Identifier: GPL-2.0
/*
 * The list of all locks, and what tracing writes into their pages.
 *
 * While a trace event is on, each lock's page says so and libgil does not use
 * the fast path. So tracing sees everything, and costs nothing while it is off.
 */
#include "locks.h"

LIST_HEAD(gil_locks);
/* Protects gil_locks and the flags in the pages of its locks. */
DEFINE_MUTEX(gil_locks_mutex);

/* How many events are on. gil_locks_mutex protects it. */
static unsigned int gil_events_on;

void gil_locks_add(struct gil_lock *lock, bool kernel_only)
{
	mutex_lock(&gil_locks_mutex);
	gil_page_flag(lock, GIL_PAGE_KERNEL_ONLY, kernel_only);
	gil_page_flag(lock, GIL_PAGE_TRACED, gil_events_on);
	list_add_tail(&lock->locks_node, &gil_locks);
	mutex_unlock(&gil_locks_mutex);
}

void gil_locks_del(struct gil_lock *lock)
{
	mutex_lock(&gil_locks_mutex);
	list_del_init(&lock->locks_node);
	mutex_unlock(&gil_locks_mutex);
}

static void gil_trace_flag(bool on)
{
	struct gil_lock *lock;

	list_for_each_entry(lock, &gil_locks, locks_node)
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
