/* SPDX-License-Identifier: GPL-2.0 */
/* Ends the bench, saying where it was, when a workload does not end. */
#ifndef GILBENCH_WATCHDOG_H
#define GILBENCH_WATCHDOG_H

/* Names must live on. 0 seconds: no limit. */
void watchdog_start(const char *workload, const char *lock,
		    unsigned int seconds);
void watchdog_step(const char *step, unsigned int repetition,
		   unsigned int repetitions);
void watchdog_stop(void);

#endif
