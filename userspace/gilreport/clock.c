// SPDX-License-Identifier: GPL-2.0
/* Which clock the times of a recording were read from. */
#include <string.h>

#include <trace-cmd.h>

#include "clock.h"

/*
 * All versions of libtracecmd have the first function, but their header does
 * not declare it. Debian 12's version lacks the second.
 */
const char *tracecmd_get_trace_clock(struct tracecmd_input *input)
	__attribute__((weak));
int tracecmd_get_tsc2nsec(struct tracecmd_input *input, int *mult, int *shift,
			  unsigned long long *offset) __attribute__((weak));

/* The clocks whose unit is the nanosecond, and how the reports call them. */
static const struct {
	const char *clock, *name;
} clocks[] = {
	{ "local", "local" },
	{ "global", "global" },
	{ "perf", "perf" },
	{ "mono", "CLOCK_MONOTONIC" },
	{ "mono_raw", "CLOCK_MONOTONIC_RAW" },
	{ "boot", "CLOCK_BOOTTIME" },
	{ "tai", "CLOCK_TAI" },
};

#define CLOCKS (sizeof(clocks) / sizeof(*clocks))

static const char *recorded_clock(struct tracecmd_input *input)
{
	const char *clock = tracecmd_get_trace_clock ?
			    tracecmd_get_trace_clock(input) : NULL;

	return clock ? clock : "";
}

static size_t find(const char *clock)
{
	size_t i = 0;

	while (i < CLOCKS && strcmp(clock, clocks[i].clock))
		i++;
	return i;
}

const char *clock_name(struct tracecmd_input *input)
{
	const char *clock = recorded_clock(input);
	size_t i = find(clock);

	return i < CLOCKS ? clocks[i].name : clock;
}

bool clock_is_in_ns(struct tracecmd_input *input)
{
	const char *clock = recorded_clock(input);
	unsigned long long offset;
	int mult = 0, shift;

	if (!*clock || find(clock) < CLOCKS)
		return true;
	/* libtracecmd converts the times if the recording says how. */
	return tracecmd_get_tsc2nsec &&
	       !tracecmd_get_tsc2nsec(input, &mult, &shift, &offset) && mult;
}
