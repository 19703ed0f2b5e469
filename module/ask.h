/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When an owner is asked to give way. The caller holds lock->lock.
 */
#ifndef GIL_ASK_H
#define GIL_ASK_H

#include "objects.h"

/* Is this an owner that is made to give way, and has its turn begun? */
static inline bool gil_is_sliced(const struct gil_ctx *owner)
{
	return owner->bind & GIL_BIND_SLICE && owner->state == GIL_STATE_OWNER;
}

/* Is this an owner that is made to give way, but has yet to wake up? */
static inline bool gil_is_late(const struct gil_ctx *owner)
{
	return owner->bind & GIL_BIND_SLICE &&
	       owner->state == GIL_STATE_GRANTED;
}

/*
 * How long a thread that has been woken may take to come for the lock, ns.
 * After that the lock goes to whichever thread is there first.
 */
static inline u64 gil_wake_patience(const struct gil_lock *lock)
{
	return max(2 * lock->q.interval_ns, GIL_WAKE_NS);
}

/* Ask the owner now. */
void gil_ask(struct gil_lock *lock, u64 now);

/* The owner need not give way any longer: it did, or nobody waits. */
void gil_unask(struct gil_lock *lock);

/* Ask the owner when the policy's patience, which begins now, ends. */
void gil_ask_later(struct gil_lock *lock, u64 now);

/* The same, unless the owner will be asked before that anyway. */
void gil_ask_sooner(struct gil_lock *lock, u64 now);

/*
 * A setting or the policy has changed, so count the patience anew, but from
 * where it began. Otherwise a program that changes a setting again and again
 * could keep the owner from ever being asked. For an open lock, the time that a
 * called waiter may take only gets shorter.
 */
void gil_ask_again(struct gil_lock *lock, u64 now);

/* When the timer has something to do; U64_MAX: never. */
u64 gil_due(const struct gil_lock *lock);

/* Have the timer fire when gil_due() says. */
void gil_arm(struct gil_lock *lock);

#endif /* GIL_ASK_H */
