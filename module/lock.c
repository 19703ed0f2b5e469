// SPDX-License-Identifier: GPL-2.0
/*
 * Make a lock, change its settings, and free it.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/slab.h>

#include "ask.h"
#include "compat.h"
#include "core.h"
#include "gil_trace.h"
#include "lock.h"
#include "policy.h"
#include "record.h"

void gil_lock_set_interval(struct gil_lock *lock, u64 interval_ns)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock->lock, flags);
	WRITE_ONCE(lock->q.interval_ns, interval_ns);
	WRITE_ONCE(lock->page->interval_ns, interval_ns);
	if (lock->owner && lock->q.waiting && !lock->asked)
		gil_ask_later(lock, ktime_get_ns());
	raw_spin_unlock_irqrestore(&lock->lock, flags);
}

void gil_lock_set_grace(struct gil_lock *lock, u64 grace_ns)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock->lock, flags);
	WRITE_ONCE(lock->q.grace_ns, grace_ns);
	raw_spin_unlock_irqrestore(&lock->lock, flags);
}

const struct gil_policy_ops *gil_lock_get_policy(struct gil_lock *lock)
{
	const struct gil_policy_ops *policy;
	unsigned long flags;

	raw_spin_lock_irqsave(&lock->lock, flags);
	policy = lock->policy;
	gil_policy_hold(policy);
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	return policy;
}

/* Empty the queue for a new policy. It has no waiters. */
static void gil_queue_init(struct gil_queue *q)
{
	INIT_LIST_HEAD(&q->list[0]);
	INIT_LIST_HEAD(&q->list[1]);
	q->tree = RB_ROOT_CACHED;
	memset(q->data, 0, sizeof(q->data));
}

void gil_lock_set_policy(struct gil_lock *lock,
			 const struct gil_policy_ops *policy)
{
	const struct gil_policy_ops *old;
	struct gil_waiter *w, *next;
	unsigned long flags;
	LIST_HEAD(moving);
	u64 now;

	raw_spin_lock_irqsave(&lock->lock, flags);
	now = ktime_get_ns();
	old = lock->policy;
	while ((w = old->pick(&lock->q, now)))
		list_add_tail(&w->node, &moving);

	gil_queue_init(&lock->q);
	lock->policy = policy;
	lock->policy_nr++;
	/* The owner starts from 0 too, and its whole hold will be charged. */
	if (lock->owner)
		gil_reset_key(lock->owner);
	list_for_each_entry_safe(w, next, &moving, node) {
		list_del(&w->node);
		gil_reset_key(container_of(w, struct gil_ctx, w));
		policy->enqueue(&lock->q, w, now);
	}
	trace_gil_policy(lock, policy->name);
	if (lock->owner && lock->q.waiting && !lock->asked)
		gil_ask_later(lock, now);
	raw_spin_unlock_irqrestore(&lock->lock, flags);

	gil_policy_put(old);
}

struct gil_lock *gil_lock_create(u32 nr, const struct gil_policy_ops *policy,
				 u64 interval_ns, u64 grace_ns,
				 struct gil_recorder *recorder)
{
	struct gil_lock *lock;

	BUILD_BUG_ON(sizeof(struct gil_page) > PAGE_SIZE);

	lock = kzalloc(sizeof(*lock), GFP_KERNEL_ACCOUNT);
	if (!lock)
		return ERR_PTR(-ENOMEM);
	lock->page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!lock->page) {
		kfree(lock);
		return ERR_PTR(-ENOMEM);
	}

	lock->nr = nr;
	lock->recorder = recorder;
	lock->page->version = GIL_UAPI_VERSION;
	lock->page->interval_ns = interval_ns;
	lock->policy = policy;
	lock->q.interval_ns = interval_ns;
	lock->q.grace_ns = grace_ns;
	gil_queue_init(&lock->q);
	kref_init(&lock->ref);
	INIT_LIST_HEAD(&lock->locks_node);
	mutex_init(&lock->attach);
	xa_init_flags(&lock->ids, XA_FLAGS_ALLOC1);
	raw_spin_lock_init(&lock->lock);
	hrtimer_setup(&lock->timer, gil_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
	return lock;
}

static void gil_lock_free(struct kref *ref)
{
	struct gil_lock *lock = container_of(ref, struct gil_lock, ref);

	hrtimer_cancel(&lock->timer);
	gil_policy_put(lock->policy);
	if (lock->recorder)
		gil_recorder_put(lock->recorder);
	xa_destroy(&lock->ids);
	free_page((unsigned long)lock->page);
	kfree_rcu(lock, rcu);
}

void gil_lock_get(struct gil_lock *lock)
{
	kref_get(&lock->ref);
}

void gil_lock_put(struct gil_lock *lock)
{
	kref_put(&lock->ref, gil_lock_free);
}
