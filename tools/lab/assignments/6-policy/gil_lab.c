// SPDX-License-Identifier: GPL-2.0
/*
 * Assignment 6: the scheduling policy "lab", a module of its own. README.md says
 * what it must do. Only the marked functions are yours; you may add others.
 */
#include <linux/list.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include <gil_policy.h>

/* BEGIN SOLUTION */
#define IO		0
#define ORDINARY	1

/* Indices of gil_queue.data. */
#define IN_A_ROW	0	/* turns of the I/O class while others waited */
#define SPENT		1	/* the class has had all its turns in a row */

/* END SOLUTION */
/* How many turns in a row the I/O class may have: see README.md. */
static unsigned int turns = 3;
module_param(turns, uint, 0444);
MODULE_PARM_DESC(turns, "turns of the I/O class in a row");

/* @w begins to wait: yours. */
static void lab_enqueue(struct gil_queue *q, struct gil_waiter *w, u64 now)
{
	/* BEGIN SOLUTION */
	/* STUB: list_add_tail(&w->node, &q->list[0]); */
	list_add_tail(&w->node, &q->list[w->io ? IO : ORDINARY]);
	/* END SOLUTION */
}

/* @w gives up: yours. */
static void lab_dequeue(struct gil_queue *q, struct gil_waiter *w)
{
	list_del(&w->node);
}

/* Take the next owner out of the queue: yours. */
static struct gil_waiter *lab_pick(struct gil_queue *q, u64 now)
{
	/* BEGIN SOLUTION */
	/* STUB: return gil_queue_pop(&q->list[0]); */
	bool io_waits = !list_empty(&q->list[IO]);
	bool others_wait = !list_empty(&q->list[ORDINARY]);

	q->data[SPENT] = io_waits && others_wait && q->data[IN_A_ROW] >= turns;
	if (io_waits && !q->data[SPENT]) {
		q->data[IN_A_ROW] = others_wait ? q->data[IN_A_ROW] + 1 : 0;
		return gil_queue_pop(&q->list[IO]);
	}
	q->data[IN_A_ROW] = 0;
	return gil_queue_pop(&q->list[ORDINARY]);
	/* END SOLUTION */
}

/* In how many ns the owner is to be asked to give way, 0 means at once: yours. */
static u64 lab_patience(const struct gil_queue *q, u64 now)
{
	/* BEGIN SOLUTION */
	/* STUB: return q->interval_ns; */
	if (q->owner && !q->owner->io && !list_empty(&q->list[IO]) &&
	    !q->data[SPENT])
		return 0;
	return q->interval_ns;
	/* END SOLUTION */
}

static struct gil_policy_ops lab = {
	.name = "lab",
	.owner = THIS_MODULE,
	.enqueue = lab_enqueue,
	.dequeue = lab_dequeue,
	.pick = lab_pick,
	.patience = lab_patience,
};

static int __init lab_init(void)
{
	return gil_policy_register(&lab);
}

static void __exit lab_exit(void)
{
	gil_policy_unregister(&lab);
}

module_init(lab_init);
module_exit(lab_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Assignment 6: a scheduling policy");
