/* SPDX-License-Identifier: GPL-2.0 */
/* Work that needs nothing but a CPU: counting down. */
#ifndef GILBENCH_SPIN_H
#define GILBENCH_SPIN_H

#include <stdint.h>

#include "lock.h"

/* Decrements between two checkpoints: as often as an interpreter looks. */
#define SPIN_SLICE 1000

/* Count down from n; the compiler must not see that it is for nothing. */
static inline void spin(uint64_t n)
{
	while (n) {
		n--;
		asm volatile("" : "+r"(n));
	}
}

/* Decrements a millisecond takes on this machine, measured once. */
uint64_t spin_per_ms(void);

/* Count down from n while owning the lock, with checkpoints. */
int spin_locked(struct lock *lock, uint64_t n);

#endif
