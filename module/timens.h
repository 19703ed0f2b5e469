/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Times of CLOCK_MONOTONIC as the calling process sees them. Its time namespace
 * may have shifted that clock.
 */
#ifndef GIL_TIMENS_H
#define GIL_TIMENS_H

#include <linux/minmax.h>
#include <linux/time_namespace.h>
#include <linux/timekeeping.h>

static inline s64 gil_timens_offset(void)
{
	struct timespec64 offset = {};

	timens_add_monotonic(&offset);
	return timespec64_to_ns(&offset);
}

/* What the kernel counts in. A time before the kernel's start is its start. */
static inline u64 gil_time_from_user(u64 ns)
{
	s64 offset = gil_timens_offset();

	ns = min_t(u64, ns, KTIME_MAX);
	if (offset < 0)
		return min_t(u64, ns - offset, KTIME_MAX);
	return ns - min_t(u64, ns, offset);
}

/* What the process sees of a time; 0, which means that there is none, stays. */
static inline u64 gil_time_to_user(u64 ns)
{
	s64 offset = gil_timens_offset();

	if (ns && offset < 0)
		return max_t(s64, ns + offset, 1);
	return ns ? ns + offset : 0;
}

#endif /* GIL_TIMENS_H */
