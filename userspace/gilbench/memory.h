/* SPDX-License-Identifier: GPL-2.0 */
/* How much memory is left on the machine. */
#ifndef GILBENCH_MEMORY_H
#define GILBENCH_MEMORY_H

/* KiB that programs could still get, by the kernel's own estimate. */
long memory_left_kib(void);

/* KiB that have gone since then; at least 1, because others may give some back. */
double memory_taken_kib(long left_before);

#endif
