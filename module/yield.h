/* SPDX-License-Identifier: GPL-2.0 */
/* sched_yield() of bound threads; see yield.c. */
#ifndef GIL_YIELD_H
#define GIL_YIELD_H

/*
 * One thread more, or one fewer, is bound: see to it that sched_yield() is
 * watched while there are any. gil_yield_watch() may sleep,
 * gil_yield_unwatch() may not be called more often.
 */
void gil_yield_watch(void);
void gil_yield_unwatch(void);

/* No thread is bound, and none will be. May sleep. */
void gil_yield_cleanup(void);

#endif /* GIL_YIELD_H */
