/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Make a lock, change its settings, and free it.
 */
#ifndef GIL_LOCK_H
#define GIL_LOCK_H

#include "objects.h"

/*
 * A new lock with one reference. If it succeeds, it takes over the caller's
 * references to the policy and, if not NULL, to the recorder. Error pointer:
 * ENOMEM. May sleep. gil_lock_put() may sleep if the reference is the last.
 */
struct gil_lock *gil_lock_create(u32 nr, const struct gil_policy_ops *policy,
				 u64 interval_ns, u64 grace_ns,
				 struct gil_recorder *recorder);
void gil_lock_get(struct gil_lock *lock);
void gil_lock_put(struct gil_lock *lock);

/* The settings are written under lock->lock. Any context. */
static inline u64 gil_lock_interval(const struct gil_lock *lock)
{
	return READ_ONCE(lock->q.interval_ns);
}

static inline u64 gil_lock_grace(const struct gil_lock *lock)
{
	return READ_ONCE(lock->q.grace_ns);
}

void gil_lock_set_interval(struct gil_lock *lock, u64 interval_ns);
void gil_lock_set_grace(struct gil_lock *lock, u64 grace_ns);

/*
 * The caller gets a reference to the policy, and gives one to the lock. Setting
 * the policy moves all waiters, in the order in which the old policy would have
 * served them, and may sleep.
 */
const struct gil_policy_ops *gil_lock_get_policy(struct gil_lock *lock);
void gil_lock_set_policy(struct gil_lock *lock,
			 const struct gil_policy_ops *policy);

#endif /* GIL_LOCK_H */
