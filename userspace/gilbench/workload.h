/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A workload: an experiment that tests one claim. To add one, write a file
 * with its struct workload and name it in workload.c.
 */
#ifndef GILBENCH_WORKLOAD_H
#define GILBENCH_WORKLOAD_H

#include "options.h"
#include "result.h"

struct claim {
	/* What tells it from the workload's other claims; "" if it has none. */
	const char *aspect;
	const char *text;
};

struct workload {
	const char *name;
	const char *doc;
	struct claim claims[RESULT_CLAIMS_MAX];
	unsigned int claim_count;
	/* The figure that the others are compared with. */
	const char *baseline;
	/* Its figures' names are COLUMN.ROW, to be shown as a table. */
	bool table;
	/* Uses threads and processes in one run; else the one or the other. */
	bool threads_and_procs;
	/* Can be run at levels above manual, with bound threads. */
	bool any_level;
	/*
	 * Take the samples, say what was seen, judge. Returns 0, or -1 when it
	 * could not be run, after saying why on stderr.
	 */
	int (*run)(const struct options *options, struct result *result);
};

extern const struct workload workload_countdown;
extern const struct workload workload_io;
extern const struct workload workload_counter;
extern const struct workload workload_convoy;
extern const struct workload workload_handoff;
extern const struct workload workload_fairness;
extern const struct workload workload_cost;
extern const struct workload workload_contend;
extern const struct workload workload_policies;
extern const struct workload workload_levels;

/* Ends with NULL. */
extern const struct workload *const workloads[];

const struct workload *workload_find(const char *name);

#endif
