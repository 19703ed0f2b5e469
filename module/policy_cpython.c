// SPDX-License-Identifier: GPL-2.0
/*
 * cpython: what CPython 3.2 and later do (Python/ceval_gil.c).
 *
 * There is no queue for the lock itself: a release leaves it open and wakes
 * one thread, and whoever comes first takes it, the releaser too if it is
 * back in time. What waits is in the order in which the futex under CPython's
 * condition variable wakes: of arrival, and one that was woken in vain goes to
 * the end. Every change of owner starts the interval again for all who wait.
 * A thread that was asked to give way does not take the lock again before
 * another has had it (forced switching): it waits to be called like the rest.
 *
 * Worst case: none. A waiter that is called may find the lock taken, goes to
 * the end of the line, and so on for ever. What is bounded is the time to the
 * next change of owner while somebody waits: the interval starts again when the
 * lock is taken, and when the only one who waits was woken in vain; so it is
 * one wake-up, one interval and the owner's way to its next checkpoint. In
 * practice a thread that computes is slow to come and loses no race but to one
 * that is awake: an I/O thread waits, after each I/O, one interval for each
 * thread that computes.
 */
#include "policies.h"

struct gil_policy_ops gil_policy_cpython = {
	.name = "cpython",
	.barging = true,
	.enqueue = gil_fifo_enqueue,
	.dequeue = gil_fifo_dequeue,
	.pick = gil_fifo_pick,
	.patience = gil_fifo_patience,
};
