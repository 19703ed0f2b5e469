// SPDX-License-Identifier: GPL-2.0
/* The list of workloads, and the loop that runs the arms of one. */
#include <string.h>

#include "watchdog.h"
#include "workload.h"

const struct workload *const workloads[] = {
	&workload_countdown,
	&workload_io,
	&workload_counter,
	&workload_convoy,
	&workload_handoff,
	&workload_fairness,
	&workload_cost,
	&workload_contend,
	&workload_policies,
	&workload_levels,
	&workload_start,
	&workload_release,
	&workload_refcount,
	&workload_sync,
	&workload_pool,
	&workload_loop,
	&workload_fetch,
	&workload_web,
	NULL,
};

const struct workload *workload_find(const char *name)
{
	for (unsigned int i = 0; workloads[i]; i++)
		if (!strcmp(workloads[i]->name, name))
			return workloads[i];
	return NULL;
}

int arms_run(const struct options *options, struct result *result,
	     const struct arms *arms, void *job)
{
	for (unsigned int rep = 1; rep <= options->repeat; rep++) {
		const char *row = arms->rows;

		for (unsigned int i = 0; i < arms->count; i++) {
			watchdog_step(*(const char *const *)(const void *)row,
				      rep, options->repeat);
			if (arms->run(options, result, row, job))
				return -1;
			row += arms->row_size;
		}
	}
	return 0;
}
