// SPDX-License-Identifier: GPL-2.0
/* Counting the CPUs that may be used, and pinning threads to them. */
#include <sched.h>

#include "cpus.h"

/* Set at the first call, because a pinned thread would see only its CPU. */
static cpu_set_t usable;
static unsigned int count;

unsigned int cpus_usable(void)
{
	if (!count && !sched_getaffinity(0, sizeof(usable), &usable))
		count = (unsigned int)CPU_COUNT(&usable);
	return count ? count : 1;
}

void cpus_pin(unsigned int n)
{
	cpu_set_t one;
	int cpu = 0;

	n %= cpus_usable();
	if (!count)
		return;
	while (cpu < CPU_SETSIZE && (!CPU_ISSET(cpu, &usable) || n--))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}
