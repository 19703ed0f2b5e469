/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When an owner is asked to give way. The caller holds lock->lock.
 */
#ifndef GIL_ASK_H
#define GIL_ASK_H

#include "objects.h"

/* Ask the owner now. */
void gil_ask(struct gil_lock *lock, u64 now);

/* The owner need not give way any longer: it did, or nobody waits. */
void gil_unask(struct gil_lock *lock);

/* Ask the owner when the policy's patience, which begins now, ends. */
void gil_ask_later(struct gil_lock *lock, u64 now);

/* The same, unless the owner will be asked before that anyway. */
void gil_ask_sooner(struct gil_lock *lock, u64 now);

/* When the timer has something to do; U64_MAX: never. */
u64 gil_due(const struct gil_lock *lock);

/* Have the timer fire when gil_due() says. */
void gil_arm(struct gil_lock *lock);

#endif /* GIL_ASK_H */
