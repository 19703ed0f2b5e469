// SPDX-License-Identifier: GPL-2.0
#include <string.h>

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
	NULL,
};

const struct workload *workload_find(const char *name)
{
	for (unsigned int i = 0; workloads[i]; i++)
		if (!strcmp(workloads[i]->name, name))
			return workloads[i];
	return NULL;
}
