// SPDX-License-Identifier: GPL-2.0
/*
 * lifo: the waiter that came last goes first, but every fourth grant goes to the
 * waiter that came first.
 *
 * This is an example of a scheduling policy of /dev/gil in a module of its own.
 * Copy it to write another policy. Users choose lifo by its name, like the
 * policies in gil.ko.
 *
 * Worst case: the fourth grants serve the waiters in order of arrival. So a
 * thread that comes while k others wait gets the lock after at most
 * 4 * (k + 1) grants.
 */
#include <linux/list.h>
#include <linux/module.h>

#include <gil_policy.h>

#define OLDEST_EVERY	4

/* Index of gil_queue.data: the grants since the oldest waiter was served. */
#define SINCE_OLDEST	0

/* The oldest waiter is the first in the list. */
static void lifo_enqueue(struct gil_queue *q, struct gil_waiter *w, u64 now)
{
	list_add_tail(&w->node, &q->list[0]);
}

static void lifo_dequeue(struct gil_queue *q, struct gil_waiter *w)
{
	list_del(&w->node);
}

static struct gil_waiter *lifo_pick(struct gil_queue *q, u64 now)
{
	struct gil_waiter *w;

	if (list_empty(&q->list[0]))
		return NULL;
	if (++q->data[SINCE_OLDEST] == OLDEST_EVERY) {
		q->data[SINCE_OLDEST] = 0;
		return gil_queue_pop(&q->list[0]);
	}
	w = list_last_entry(&q->list[0], struct gil_waiter, node);
	list_del(&w->node);
	return w;
}

static u64 lifo_patience(const struct gil_queue *q, u64 now)
{
	return q->interval_ns;
}

static struct gil_policy_ops lifo = {
	.name = "lifo",
	.owner = THIS_MODULE,
	.enqueue = lifo_enqueue,
	.dequeue = lifo_dequeue,
	.pick = lifo_pick,
	.patience = lifo_patience,
};

/* Locks may use the policy from here on, so register it as the last step. */
static int __init lifo_init(void)
{
	return gil_policy_register(&lifo);
}

/* No lock uses the policy now: each such lock has a reference to this module. */
static void __exit lifo_exit(void)
{
	gil_policy_unregister(&lifo);
}

module_init(lifo_init);
module_exit(lifo_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The /dev/gil authors");
MODULE_DESCRIPTION("An example of a scheduling policy for /dev/gil");
