/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A workload is an experiment that tests one to three claims. To add one,
 * write a file with its struct workload and name it in workload.c.
 */
#ifndef GILBENCH_WORKLOAD_H
#define GILBENCH_WORKLOAD_H

#include "options.h"
#include "result.h"

struct claim {
	/* Names this claim; "" if the workload has only one. */
	const char *aspect;
	const char *text;
};

struct workload {
	const char *name;
	const char *doc;
	/* After the last one, text is NULL. */
	struct claim claims[RESULT_CLAIMS_MAX + 1];
	/* The figure that the others are compared with. */
	const char *baseline;
	/* The figures' names are COLUMN.ROW, and shown as a table. */
	bool table;
	/* One run uses both threads and processes, not just one of them. */
	bool threads_and_procs;
	/* Does not run at levels above manual, with bound threads. */
	bool manual_only;
	/*
	 * Take the samples, say what was seen, and judge. Returns 0, or -1
	 * after saying on stderr why the workload could not be run.
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
extern const struct workload workload_start;
extern const struct workload workload_release;
extern const struct workload workload_refcount;
extern const struct workload workload_sync;
extern const struct workload workload_pool;
extern const struct workload workload_loop;
extern const struct workload workload_fetch;
extern const struct workload workload_web;

/* Ends with NULL. */
extern const struct workload *const workloads[];

/* The arms of a workload: a table whose rows begin with the arm's name. */
struct arms {
	const void *rows;
	size_t row_size;
	unsigned int count;
	int (*run)(const struct options *options, struct result *result,
		   const void *row, void *job);
};

#define ARMS_OF(table, run) \
	{ table, sizeof(*(table)), sizeof(table) / sizeof(*(table)), run }

/* Run every arm once in each of --repeat rounds. Returns 0 or -1. */
int arms_run(const struct options *options, struct result *result,
	     const struct arms *arms, void *job);

const struct workload *workload_find(const char *name);

#endif
