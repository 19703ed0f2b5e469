/* SPDX-License-Identifier: GPL-2.0 */
#ifndef GIL_BLOCKING_H
#define GIL_BLOCKING_H

#include "objects.h"

/*
 * For bind.c. A bound context's own thread calls them, gil_blocks() from
 * within the scheduler when it blocks, the others from process context; only
 * gil_come_back() sleeps.
 *
 * gil_set_bound(): it is bound from now on, or with other flags, and wants the
 * lock. gil_clear_bound(): no more; gives the lock up.
 * gil_is_away(): must it come back, now that it runs on?
 */
void gil_set_bound(struct gil_ctx *ctx, struct gil_binding *binding, u32 bind);
void gil_clear_bound(struct gil_ctx *ctx);
void gil_blocks(struct gil_ctx *ctx);
bool gil_is_away(struct gil_ctx *ctx);
void gil_come_back(struct gil_ctx *ctx);

#endif /* GIL_BLOCKING_H */
