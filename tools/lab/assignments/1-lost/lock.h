/* SPDX-License-Identifier: GPL-2.0 */
/* Assignment 1: what a lock offers. ticket.c and futex.c each are one. */
#ifndef LOCK_H
#define LOCK_H

#include <stdatomic.h>

/* Use as many of these as you need, for what you like. All begin as 0. */
struct lock {
	atomic_uint a, b, c, d;
};

/* Return as the owner. */
void lock_acquire(struct lock *lock);

/* Called by the owner only. */
void lock_release(struct lock *lock);

#endif
