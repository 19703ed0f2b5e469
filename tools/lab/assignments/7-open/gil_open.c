// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 7: the scheduling policy "open". README.md says what it is judged
 * by. Everything is yours except its name.
 */
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>

#include <gil_policy.h>

/* BEGIN SOLUTION */
/*
 * Each ns of the lock's time lets a thread get more done if the thread is away
 * for long afterwards. So the waiter goes first that computes for the smallest
 * part of its time, and it asks at once if the owner computes for a much larger
 * part. Nobody waits for longer than the bound: then the one goes first that has
 * waited for longest.
 *
 * gil_waiter.key holds what is known of a thread: four numbers in us.
 */
#define COMPUTES	0	/* before it is away, on the average */
#define AWAY		16	/* on the average */
#define LAST		32	/* its last turn */
#define SO_FAR		48	/* its turns since it was away, without the last */

/* Of a thread of which nothing is known. */
#define UNKNOWN_US	1000

/* Intervals for each thread that waits. */
#define BOUND		2

static u64 get(const struct gil_waiter *w, unsigned int what)
{
	return w->key >> what & U16_MAX;
}

static void set(struct gil_waiter *w, unsigned int what, u64 us)
{
	w->key &= ~((u64)U16_MAX << what);
	w->key |= min(us, U16_MAX + 0ULL) << what;
}

/* What part of its time a thread computes, of 1024. */
static u64 part(const struct gil_waiter *w)
{
	u64 computes = get(w, COMPUTES);

	/* It has begun to compute for longer than it usually does. */
	computes = max(computes, get(w, SO_FAR));
	return 1024 * computes / (computes + get(w, AWAY) + 1);
}

static bool is_overdue(const struct gil_queue *q, const struct gil_waiter *w,
		       u64 now)
{
	return now - w->request_ns > BOUND * q->interval_ns * (q->waiting + 1);
}

/* Of the waiters, which are in order of arrival. */
static struct gil_waiter *best(const struct gil_queue *q, u64 now)
{
	struct gil_waiter *w, *found = NULL;

	list_for_each_entry(w, &q->list[0], node) {
		if (is_overdue(q, w, now))
			return w;
		if (!found || part(w) < part(found))
			found = w;
	}
	return found;
}

/* @w wants the lock, and its last turn is known. */
static void learn(struct gil_waiter *w, u64 now)
{
	u64 computed = get(w, SO_FAR) + get(w, LAST);
	u64 away = (now - w->grant_ns) / 1000 - get(w, LAST);

	if (!w->key) {
		computed = UNKNOWN_US;
		away = UNKNOWN_US;
	}
	if (w->yielded) {
		set(w, SO_FAR, computed);
		return;
	}
	set(w, SO_FAR, 0);
	set(w, COMPUTES, (3 * get(w, COMPUTES) + computed) / 4);
	set(w, AWAY, (3 * get(w, AWAY) + away) / 4);
}

/* END SOLUTION */
/* @w begins to wait: yours. */
static void open_enqueue(struct gil_queue *q, struct gil_waiter *w, u64 now)
{
	/* BEGIN SOLUTION */
	learn(w, now);
	/* END SOLUTION */
	list_add_tail(&w->node, &q->list[0]);
}

/* @w gives up: yours. */
static void open_dequeue(struct gil_queue *q, struct gil_waiter *w)
{
	list_del(&w->node);
}

/* Take the next owner out of the queue: yours. */
static struct gil_waiter *open_pick(struct gil_queue *q, u64 now)
{
	/* BEGIN SOLUTION */
	/* STUB: return gil_queue_pop(&q->list[0]); */
	struct gil_waiter *w = best(q, now);

	if (!w)
		return NULL;
	list_del(&w->node);
	return w;
	/* END SOLUTION */
}

/* In how many ns the owner is to be asked to give way, 0 means at once: yours. */
static u64 open_patience(const struct gil_queue *q, u64 now)
{
	/* BEGIN SOLUTION */
	/* STUB: return q->interval_ns; */
	const struct gil_waiter *w = best(q, now);

	if (!w || !q->owner)
		return q->interval_ns;
	/* An owner that has waited for so long is to have something of it. */
	if (is_overdue(q, q->owner, q->owner->grant_ns))
		return q->interval_ns;
	return 8 * part(w) < 7 * part(q->owner) ? 0 : q->interval_ns;
	/* END SOLUTION */
}

/* BEGIN SOLUTION */
static void open_released(struct gil_queue *q, struct gil_waiter *w,
			  u64 held_ns)
{
	set(w, LAST, held_ns / 1000);
}

/* END SOLUTION */
static struct gil_policy_ops open = {
	.name = "open",
	.owner = THIS_MODULE,
	.enqueue = open_enqueue,
	.dequeue = open_dequeue,
	.pick = open_pick,
	.patience = open_patience,
	/* BEGIN SOLUTION */
	.released = open_released,
	/* END SOLUTION */
};

static int __init open_init(void)
{
	return gil_policy_register(&open);
}

static void __exit open_exit(void)
{
	gil_policy_unregister(&open);
}

module_init(open_init);
module_exit(open_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Assignment 7: a scheduling policy");
