// SPDX-License-Identifier: GPL-2.0
/* Reading how much memory the machine has left. */
#include <stdio.h>

#include "memory.h"

long memory_left_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	long kib = 0;

	if (!file)
		return 0;
	while (!kib && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemAvailable: %ld kB", &kib) != 1)
			kib = 0;
	fclose(file);
	return kib;
}

double memory_taken_kib(long left_before)
{
	long taken = left_before - memory_left_kib();

	return taken > 1 ? (double)taken : 1;
}
