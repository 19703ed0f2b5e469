/* SPDX-License-Identifier: GPL-2.0 */
/* The figures of the program and its threads, as text and as JSON. */
#ifndef GILRUN_REPORT_H
#define GILRUN_REPORT_H

#include <stdio.h>

#include "options.h"
#include "records.h"
#include "supervise.h"

struct report {
	const struct options *options;
	/* The lock's settings, as they were at the end. */
	char policy[GIL_NAME_MAX];
	uint64_t interval_ns;
	uint64_t grace_ns;
	/* Sorted. */
	const struct records *records;
	const struct outcome *outcome;
};

static inline double timeval_seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

/* Both return 0, or an error number when FILE could not be written. */
int report_text(const struct report *report, FILE *file);
int report_json(const struct report *report, FILE *file);

#endif
