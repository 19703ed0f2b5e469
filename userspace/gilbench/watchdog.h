/* SPDX-License-Identifier: GPL-2.0 */
/* Ends gilbench with a message when a workload takes too long. */
#ifndef GILBENCH_WATCHDOG_H
#define GILBENCH_WATCHDOG_H

/* The names must stay valid until watchdog_stop(). 0 seconds: no limit. */
void watchdog_start(const char *workload, const char *lock,
		    unsigned int seconds);
void watchdog_step(const char *step, unsigned int repetition,
		   unsigned int repetitions);
void watchdog_stop(void);

#endif
