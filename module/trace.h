/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GIL_TRACE_SWITCH_H
#define GIL_TRACE_SWITCH_H

#include <linux/types.h>

/* Called by the tracing core for each event that is switched on or off. */
int gil_trace_on(void);
void gil_trace_off(void);

/* Is any event on? Stable under gil_locks_mutex. */
bool gil_traced(void);

#endif /* GIL_TRACE_SWITCH_H */
