/* SPDX-License-Identifier: GPL-2.0 */
/* The CPUs that this process may run on. */
#ifndef GILBENCH_CPUS_H
#define GILBENCH_CPUS_H

unsigned int cpus_usable(void);

/*
 * Pin the calling thread to the n-th of them, modulo their number. If the
 * kernel refuses, the thread may move; the figures are then only less steady.
 */
void cpus_pin(unsigned int n);

#endif
