/* SPDX-License-Identifier: GPL-2.0 */
/* When an owner is asked to give way. All holding lock->lock. */
#ifndef GIL_ASK_H
#define GIL_ASK_H

#include "objects.h"

/* The owner need not give way any more: it did, or nobody waits. */
void gil_unask(struct gil_lock *lock);

/*
 * Have the owner asked to give way when the policy's patience ends: counted
 * from now, or not later than so far.
 */
void gil_ask_later(struct gil_lock *lock, u64 now);
void gil_ask_sooner(struct gil_lock *lock, u64 now);

/* Have the timer fire when something is due. */
void gil_arm(struct gil_lock *lock);
/* When that is, U64_MAX: never; and ask now. */
u64 gil_due(const struct gil_lock *lock);
void gil_ask(struct gil_lock *lock, u64 now);

#endif /* GIL_ASK_H */
