// SPDX-License-Identifier: GPL-2.0
/*
 * io_first: who comes back from I/O goes ahead and asks at once, within a
 * budget.
 *
 * Two classes, each in order of arrival: threads whose last release was for
 * I/O, and all others, the ordinary ones. The I/O class has a budget of one
 * switch interval of lock time. What it holds while ordinary threads wait is
 * spent of it; what ordinary threads hold earns it back. While there is some
 * left, the class goes first, and an ordinary owner is asked at once. When it
 * is all spent, ordinary threads go first until it is all earned back: without
 * that, the class would be back ahead after the first nanosecond earned.
 *
 * Worst case, with I the interval and h the longest turn:
 *
 * An ordinary waiter has k ordinary ones ahead of it, the owner counted, whose
 * turns last for S <= k * h together. While it waits, every turn of the class
 * is charged, and the class is ahead only while less than I is spent. So its
 * turns come to I at most, and what the ordinary ones earn back, S at most, and
 * each time that the budget is spent out, by how much the last turn went
 * beyond it, h at most. Between two such times I has to be earned: there are
 * S / I + 1 of them. Together, S and the class: 2 * S + I + (S / I + 1) * h.
 * With turns of at most I that is 3 * k + 2 intervals, where fifo has k.
 *
 * A waiter of the class has m of it ahead, whose turns last for T <= m * h. To
 * spend the budget takes I of them: it is spent out T / I + 1 times at most,
 * and earned back each time in one interval and the rest of a turn, I + h.
 * Otherwise an ordinary owner is asked at once, and gone after h at most.
 * Together: T + (T / I + 1) * (I + h) + h; and if no other is of the class,
 * I + h.
 */
#include <linux/minmax.h>

#include "policies.h"

#define IO		0
#define ORDINARY	1

/* ns of the budget that are gone; and have they all been, and are not back? */
#define SPENT		0
#define SPENT_OUT	1

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
