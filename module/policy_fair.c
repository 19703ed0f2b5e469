// SPDX-License-Identifier: GPL-2.0
/*
 * fair: equal shares of the lock's time, by weight.
 *
 * Each thread has a virtual time, which advances while it holds the lock, by the
 * time held divided by its weight. The waiter with the least virtual time goes
 * next. An owner keeps the lock for at least an interval, and for as long as it
 * has the least. A new waiter that lags behind the owner by more than a
 * granularity asks at once. So threads that hold little, as I/O threads do, are
 * served first until they have had their share. A thread can save up at most one
 * interval by not wanting the lock.
 *
 * A thread that lags and releases the lock for a moment would lose it to a
 * thread that is ahead, and if its own holds are shorter it could never catch
 * up. So in that case the lock stays put for the grace. This is the "lock slice"
 * of scheduler-cooperative locks (Patel et al., EuroSys 2020), which ban the
 * other threads instead. The rest is the rule of CFS, applied to the lock's time
 * and not to the CPU's.
 *
 * Virtual times are in ns at nice 0. The least virtual time among the owner and
 * the waiters never goes back. Newcomers start at it, less the credit.
 *
 * Worst case: let I be the interval and h the longest turn, an interval and the
 * way to a checkpoint. All weights are equal at first. A waiter whose last turn
 * lasted h' gets the lock when no waiter has less virtual time.
 *
 * The waiter is ahead of the least by at most h'. When it last got the lock, all
 * waiters had as much virtual time or more. Before a thread that came during
 * its turn was placed, the least rose to what all those had. So when the waiter
 * gave the lock up, the least was no less than its own time before that turn.
 *
 * No waiter or owner has less than the least at that moment minus I, because of
 * fair_place(). So each other thread catches up with the waiter after it has
 * held the lock for h' + I, and the turn in which it does so ends at most h
 * later.
 *
 * So the waiter waits for at most h' + I + h for each other thread, which is
 * three intervals if no turn is longer than one. If w' is the waiter's weight
 * and w the other thread's, as multiples of the weight of nice 0, the wait is
 * (h' / w' + I) * w + h. A waiter that lags behind all others by more than the
 * granularity asks at once, and only waits for the owner's way to a checkpoint.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>

#include "policies.h"

/* Index of gil_queue.data: the least virtual time. */
#define LEAST		0

/* 1024 / 1.25^nice, as the kernel's CPU schedulers weigh. */
static const u32 fair_weights[NICE_WIDTH] = {
	88818, 71054, 56843, 45475, 36380, 29104, 23283, 18626, 14901, 11921,
	9537, 7629, 6104, 4883, 3906, 3125, 2500, 2000, 1600, 1280,
	1024, 819, 655, 524, 419, 336, 268, 215, 172, 137,
	110, 88, 70, 56, 45, 36, 29, 23, 18, 15,
};

static u32 fair_weight(const struct gil_waiter *w)
{
	return fair_weights[task_nice(w->task) - MIN_NICE];
}

static u64 fair_virtual(const struct gil_waiter *w, u64 ns)
{
	return mul_u64_u32_div(ns, fair_weights[-MIN_NICE], fair_weight(w));
}

static u64 fair_real(const struct gil_waiter *w, u64 virtual)
{
	return mul_u64_u32_div(virtual, fair_weight(w),
			       fair_weights[-MIN_NICE]);
}

static u64 fair_granularity(const struct gil_queue *q)
{
	return div_u64(q->interval_ns, 5);
}

static u64 fair_owner_time(const struct gil_queue *q, u64 now)
{
	return q->owner->key + fair_virtual(q->owner, now - q->owner->grant_ns);
}

static struct gil_waiter *fair_first(const struct gil_queue *q)
{
	struct rb_node *rb = rb_first_cached(&q->tree);

	return rb ? rb_entry(rb, struct gil_waiter, rb) : NULL;
}

/* Raise the least to @time or to the first waiter's, whichever is less. */
static void fair_advance(struct gil_queue *q, u64 time)
{
	struct gil_waiter *first = fair_first(q);

	if (first)
		time = min(time, first->key);
	q->data[LEAST] = max(q->data[LEAST], time);
}

static bool fair_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct gil_waiter, rb)->key <
	       rb_entry(b, struct gil_waiter, rb)->key;
}

/*
 * A thread can save up at most one interval by not wanting the lock. A thread
 * that opens the global lock again and again gets as much for each new context.
 * That does not let it hold the lock for longer than anybody may.
 */
static void fair_place(struct gil_queue *q, struct gil_waiter *w)
{
	u64 least = q->data[LEAST];

	w->key = max(w->key, least - min(least, q->interval_ns));
}

static void fair_enqueue(struct gil_queue *q, struct gil_waiter *w, u64 now)
{
	if (q->owner)
		fair_advance(q, fair_owner_time(q, now));
	fair_place(q, w);
	rb_add_cached(&w->rb, &q->tree, fair_less);
}

static void fair_dequeue(struct gil_queue *q, struct gil_waiter *w)
{
	rb_erase_cached(&w->rb, &q->tree);
}

static struct gil_waiter *fair_pick(struct gil_queue *q, u64 now)
{
	struct gil_waiter *w = fair_first(q);

	if (w)
		rb_erase_cached(&w->rb, &q->tree);
	return w;
}

static void fair_released(struct gil_queue *q, struct gil_waiter *w,
			  u64 held_ns)
{
	w->key += fair_virtual(w, held_ns);
	fair_advance(q, w->key);
}

static u64 fair_patience(const struct gil_queue *q, u64 now)
{
	const struct gil_waiter *w = fair_first(q);
	u64 owner, held, turn, lead = 0;

	if (!w || !q->owner)
		return q->interval_ns;

	owner = fair_owner_time(q, now);
	if (!w->yielded && owner > w->key + fair_granularity(q))
		return 0;
	held = now - q->owner->grant_ns;
	turn = q->interval_ns - min(held, q->interval_ns);
	if (w->key > owner)
		lead = fair_real(q->owner, w->key - owner);
	return max(turn, lead);
}

static u64 fair_linger(const struct gil_queue *q, const struct gil_waiter *w,
		       u64 now)
{
	const struct gil_waiter *first = fair_first(q);

	if (!first || w->key + fair_granularity(q) >= first->key)
		return 0;
	return q->grace_ns;
}

struct gil_policy_ops gil_policy_fair = {
	.name = "fair",
	.enqueue = fair_enqueue,
	.dequeue = fair_dequeue,
	.pick = fair_pick,
	.patience = fair_patience,
	.claimed = fair_place,
	.released = fair_released,
	.linger = fair_linger,
};
