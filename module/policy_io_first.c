// SPDX-License-Identifier: GPL-2.0
/*
 * io_first: threads that come back from I/O go first and ask at once, within a
 * budget.
 *
 * There are two classes, each in order of arrival: threads whose last release
 * was for I/O, and all others, the ordinary ones. The I/O class has a budget of
 * one switch interval of lock time. It spends the budget by holding the lock
 * while ordinary threads wait, and earns it back while ordinary threads hold
 * the lock. While some of it is left, the class goes first, and an ordinary
 * owner is asked at once. When all of it is spent, ordinary threads go first
 * until all of it is earned back. Otherwise the class would go first again after
 * the first nanosecond earned.
 *
 * Worst case: let I be the interval and h the longest turn.
 *
 * An ordinary waiter has k ordinary threads ahead of it, the owner included,
 * whose turns together last for S <= k * h. While it waits, every turn of the
 * class is charged, and the class goes first only while less than I is spent.
 * So the turns of the class add up to at most these: I; S, which the ordinary
 * threads earn back; and h each time that the budget runs out, because the last
 * turn may go beyond it. Between two such times I has to be earned, so there are
 * at most S / I + 1 of them. S and the class together take
 * 2 * S + I + (S / I + 1) * h. With turns of at most I that is 3 * k + 2
 * intervals, where fifo has k.
 *
 * A waiter of the class has m threads of the class ahead of it, whose turns last
 * for T <= m * h. Spending the budget takes I of them, so it runs out at most
 * T / I + 1 times, and each time it is earned back in one interval and the rest
 * of a turn, I + h. At other times an ordinary owner is asked at once, and is
 * gone after at most h. Together that is T + (T / I + 1) * (I + h) + h. If no
 * other thread is in the class, it is I + h.
 */
#include <linux/minmax.h>

#include "policies.h"

#define IO		0
#define ORDINARY	1

/* Index of gil_queue.data. */
#define SPENT		0	/* ns of the budget that are spent */
#define SPENT_OUT	1	/* it ran out, and is not yet fully earned back */

static void io_first_enqueue(struct gil_queue *q, struct gil_waiter *w, u64 now)
{
	list_add_tail(&w->node, &q->list[w->io ? IO : ORDINARY]);
}

static struct gil_waiter *io_first_pick(struct gil_queue *q, u64 now)
{
	int first = q->data[SPENT_OUT] ? ORDINARY : IO;
	struct gil_waiter *w = gil_queue_pop(&q->list[first]);

	return w ? w : gil_queue_pop(&q->list[!first]);
}

static void io_first_released(struct gil_queue *q, struct gil_waiter *w,
			      u64 held_ns)
{
	if (!w->io) {
		q->data[SPENT] -= min(q->data[SPENT], held_ns);
		if (!q->data[SPENT])
			q->data[SPENT_OUT] = false;
	} else if (!list_empty(&q->list[ORDINARY])) {
		q->data[SPENT] = min(q->interval_ns, q->data[SPENT] + held_ns);
		if (q->data[SPENT] == q->interval_ns)
			q->data[SPENT_OUT] = true;
	}
}

static u64 io_first_patience(const struct gil_queue *q, u64 now)
{
	u64 earned;

	if (!q->owner || q->owner->io || list_empty(&q->list[IO]))
		return q->interval_ns;
	if (!q->data[SPENT_OUT])
		return 0;
	earned = min(now - q->owner->grant_ns, q->data[SPENT]);
	return min(q->interval_ns, q->data[SPENT] - earned);
}

struct gil_policy_ops gil_policy_io_first = {
	.name = "io_first",
	.enqueue = io_first_enqueue,
	.dequeue = gil_fifo_dequeue,
	.pick = io_first_pick,
	.patience = io_first_patience,
	.released = io_first_released,
};
