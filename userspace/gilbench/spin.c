// SPDX-License-Identifier: GPL-2.0
/* Calibrating the work that needs only a CPU, and doing it under a lock. */
#include "clock.h"
#include "spin.h"

#define CALIBRATION_NS (20 * NS_PER_MS)

static uint64_t timed_spin(uint64_t n)
{
	uint64_t start = now_ns();

	spin(n);
	return now_ns() - start;
}

/* Take the fastest of three runs, because other work can only slow one down. */
uint64_t spin_per_ms(void)
{
	static uint64_t per_ms;
	uint64_t n = 10000, best, ns;

	if (per_ms)
		return per_ms;
	while (timed_spin(n) < CALIBRATION_NS)
		n *= 2;
	best = timed_spin(n);
	for (int i = 0; i < 2; i++) {
		ns = timed_spin(n);
		if (ns < best)
			best = ns;
	}
	per_ms = n * NS_PER_MS / (best ? best : 1);
	return per_ms;
}

int spin_locked(struct lock *lock, uint64_t n)
{
	int error;

	while (n) {
		uint64_t slice = n < SPIN_SLICE ? n : SPIN_SLICE;

		spin(slice);
		n -= slice;
		error = lock_checkpoint(lock);
		if (error)
			return error;
	}
	return 0;
}
