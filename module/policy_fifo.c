// SPDX-License-Identifier: GPL-2.0
/*
 * fifo: the lock goes round in order of arrival.
 *
 * Worst case: who waits as the k-th in line gets the lock after exactly k
 * handoffs, so after at most the sum of k holds. Each hold lasts at most the
 * switch interval, plus the owner's way to its next checkpoint. An owner that
 * never comes to one is not bounded: that is the manual level.
 */
#include <linux/list.h>

#include "core.h"
#include "policy.h"

static void fifo_enqueue(struct gil_lock *lock, struct gil_ctx *ctx)
{
	list_add_tail(&ctx->queue_node, &lock->queue);
}

static void fifo_dequeue(struct gil_lock *lock, struct gil_ctx *ctx)
{
	list_del_init(&ctx->queue_node);
}

static struct gil_ctx *fifo_pick(struct gil_lock *lock)
{
	struct gil_ctx *ctx;

	ctx = list_first_entry_or_null(&lock->queue, struct gil_ctx,
				       queue_node);
	if (ctx)
		list_del_init(&ctx->queue_node);
	return ctx;
}

static u64 fifo_patience(const struct gil_lock *lock)
{
	return lock->interval_ns;
}

const struct gil_policy_ops gil_policy_fifo = {
	.name = "fifo",
	.enqueue = fifo_enqueue,
	.dequeue = fifo_dequeue,
	.pick = fifo_pick,
	.patience = fifo_patience,
};
