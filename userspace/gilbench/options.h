/* SPDX-License-Identifier: GPL-2.0 */
/* What the command line asked for. */
#ifndef GILBENCH_OPTIONS_H
#define GILBENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "lock.h"

#define OPTIONS_WORKLOADS_MAX 64

struct workload;

struct options {
	const struct lock_ops *lock;
	struct lock_options lock_options;
	/* 0: the workload's own default. */
	unsigned int threads;
	unsigned int procs;
	uint64_t count;
	unsigned int repeat;
	unsigned int timeout_s;
	bool quick;
	bool json;
	bool all;
	/* The folder of --report; NULL: the run is not recorded. */
	const char *report;
	unsigned int workload_count;
	const struct workload *workloads[OPTIONS_WORKLOADS_MAX];
};

/* Ends the program after --help, --list, --version or a wrong use. */
void options_parse(struct options *options, int argc, char **argv);

/* The number of workers, where the workload has threads or processes. */
static inline unsigned int options_workers(const struct options *options,
					   unsigned int fallback)
{
	if (options->procs)
		return options->procs;
	return options->threads ? options->threads : fallback;
}

/*
 * The time for one repetition of a workload, so that all repetitions together
 * take about 5 s (1 s when quick) on any machine.
 */
static inline uint64_t options_budget_ns(const struct options *options)
{
	return (options->quick ? 1000000000ULL : 5000000000ULL) /
	       options->repeat;
}

#endif
