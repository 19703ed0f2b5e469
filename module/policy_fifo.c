// SPDX-License-Identifier: GPL-2.0
/*
 * fifo: the lock goes round in order of arrival.
 *
 * Worst case: let h be the longest turn. The k-th waiter in line gets the lock
 * after exactly k grants, because nobody who comes later is put before it. It
 * waits for the rest of the owner's turn and for k - 1 more turns, so for at
 * most k * h. While somebody waits, a turn lasts for at most the switch
 * interval, plus the owner's way to its next checkpoint (manual, auto-io) or one
 * timer and one return to user mode (enforced). A manual owner that never comes
 * to a checkpoint has no bound. A thread that loses its grant, because it has no
 * CPU, has lost its place in line too.
 */
#include "policies.h"

void gil_fifo_enqueue(struct gil_queue *q, struct gil_waiter *w, u64 now)
{
	list_add_tail(&w->node, &q->list[0]);
}

void gil_fifo_dequeue(struct gil_queue *q, struct gil_waiter *w)
{
	list_del(&w->node);
}

struct gil_waiter *gil_fifo_pick(struct gil_queue *q, u64 now)
{
	return gil_queue_pop(&q->list[0]);
}

u64 gil_fifo_patience(const struct gil_queue *q, u64 now)
{
	return q->interval_ns;
}

struct gil_policy_ops gil_policy_fifo = {
	.name = "fifo",
	.enqueue = gil_fifo_enqueue,
	.dequeue = gil_fifo_dequeue,
	.pick = gil_fifo_pick,
	.patience = gil_fifo_patience,
};
