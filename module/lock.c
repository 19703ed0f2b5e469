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
	gil_ask_again(lock, ktime_get_ns());
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

/* The most waiters to move while interrupts are off. */
#define GIL_MOVE_AT_ONCE	64

/* A step of a change to @policy; core.c has the parts. False: it is over. */
static bool gil_change_step(struct gil_lock *lock,
			    const struct gil_policy_ops *policy)
{
	u64 now = ktime_get_ns();

	lockdep_assert_held(&lock->lock);

	if (gil_move_waiters(lock, GIL_MOVE_AT_ONCE, now))
		return true;
	if (!lock->gathering) {
		gil_ask_again(lock, now);
		return false;
	}
	lock->gathering = false;
	gil_queue_init(&lock->q);
	lock->policy = policy;
	lock->policy_nr++;
	/* The owner starts from 0 too, and its whole hold will be charged. */
	if (lock->owner)
		gil_reset_key(lock->owner);
	trace_gil_policy(lock, policy->name);
	return true;
}

static void gil_change_policy(struct gil_lock *lock,
			      const struct gil_policy_ops *policy)
{
	unsigned long flags;
	bool more;

	raw_spin_lock_irqsave(&lock->lock, flags);
	lock->gathering = true;
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	do {
		cond_resched();
		raw_spin_lock_irqsave(&lock->lock, flags);
		more = gil_change_step(lock, policy);
		raw_spin_unlock_irqrestore(&lock->lock, flags);
	} while (more);
}

void gil_lock_set_policy(struct gil_lock *lock,
			 const struct gil_policy_ops *policy)
{
	const struct gil_policy_ops *old;

	mutex_lock(&lock->attach);
	old = lock->policy;
	if (policy != old)
		gil_change_policy(lock, policy);
	mutex_unlock(&lock->attach);
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
	INIT_LIST_HEAD(&lock->moving);
	INIT_LIST_HEAD(&lock->called);
	kref_init(&lock->ref);
	mutex_init(&lock->attach);
	xa_init_flags(&lock->ids, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
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
