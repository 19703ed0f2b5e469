/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a lock does when a bound thread blocks, and when it comes back. The
 * context's own thread calls these.
 */
#ifndef GIL_BLOCKING_H
#define GIL_BLOCKING_H

#include "objects.h"

/* The thread is bound from now on, or in another way, and wants the lock. */
void gil_set_bound(struct gil_ctx *ctx, struct gil_binding *binding, u32 bind);

/* The thread is no longer bound, and gives the lock up. */
void gil_clear_bound(struct gil_ctx *ctx);

/* The thread blocks. Called by the scheduler, under the run queue's lock. */
void gil_blocks(struct gil_ctx *ctx);

/* The thread loses its CPU, but could run. Called like gil_blocks(). */
void gil_preempted(struct gil_ctx *ctx);

/* The thread has a CPU again. */
void gil_runs_on(struct gil_ctx *ctx);

/* The thread cannot go on before another has run: let it give way. Also in NMIs. */
void gil_gives_way(struct gil_ctx *ctx);

/* Must the thread, which runs on, pass gil_come_back() before user mode? */
bool gil_is_away(struct gil_ctx *ctx);

/* On the way to user mode: get the lock back, or let others go first. Sleeps. */
void gil_come_back(struct gil_ctx *ctx);

#endif /* GIL_BLOCKING_H */
