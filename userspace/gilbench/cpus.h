/* SPDX-License-Identifier: GPL-2.0 */
/* The CPUs that this process may run on. */
#ifndef GILBENCH_CPUS_H
#define GILBENCH_CPUS_H

unsigned int cpus_usable(void);

/*
 * Keep the calling thread on the n-th of them, modulo their number. Where that
 * is refused it stays where it was: no figure is wrong, only less steady.
 */
void cpus_pin(unsigned int n);

#endif
