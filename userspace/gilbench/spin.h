/* SPDX-License-Identifier: GPL-2.0 */
/* Work that needs only a CPU: counting down. */
#ifndef GILBENCH_SPIN_H
#define GILBENCH_SPIN_H

#include <stdint.h>

#include "lock.h"

/* Decrements between two checkpoints: about as often as in an interpreter. */
#define SPIN_SLICE 1000

/* Count down from n; the asm keeps the compiler from removing the loop. */
static inline void spin(uint64_t n)
{
	while (n) {
		n--;
		asm volatile("" : "+r"(n));
	}
}

/* How many decrements this machine does in a millisecond; measured once. */
uint64_t spin_per_ms(void);

/* Count down from n while owning the lock, with checkpoints. */
int spin_locked(struct lock *lock, uint64_t n);

#endif
