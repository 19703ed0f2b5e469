// SPDX-License-Identifier: GPL-2.0
/*
 * Tracing sees everything: while a trace event is on, every lock's page says
 * so, and libgil leaves the fast path. Off, it costs nothing.
 */
#include "compat.h"
#include "context.h"

#define CREATE_TRACE_POINTS
#include "gil_trace.h"

/* How many events are on; under gil_locks_mutex. */
static unsigned int gil_events_on;

bool gil_traced(void)
{
	lockdep_assert_held(&gil_locks_mutex);
	return gil_events_on;
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
