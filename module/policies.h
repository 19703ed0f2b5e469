/* SPDX-License-Identifier: GPL-2.0 */
/*
 * gil.ko's own policies. A new one is added here, in policy.c and in Kbuild.
 */
#ifndef GIL_POLICIES_H
#define GIL_POLICIES_H

#include <gil_policy.h>

/* Parts of fifo that other policies use. */
void gil_fifo_enqueue(struct gil_queue *q, struct gil_waiter *w, u64 now);
void gil_fifo_dequeue(struct gil_queue *q, struct gil_waiter *w);
struct gil_waiter *gil_fifo_pick(struct gil_queue *q, u64 now);
u64 gil_fifo_patience(const struct gil_queue *q, u64 now);

extern struct gil_policy_ops gil_policy_fifo;
extern struct gil_policy_ops gil_policy_cpython;
extern struct gil_policy_ops gil_policy_io_first;
extern struct gil_policy_ops gil_policy_fair;

#endif /* GIL_POLICIES_H */
