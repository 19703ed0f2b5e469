// SPDX-License-Identifier: GPL-2.0
/*
 * cpython: what CPython 3.2 and later do (Python/ceval_gil.c).
 *
 * The lock itself has no queue. A release leaves it open and wakes one thread,
 * and the first thread to come takes it, which may be the releaser. Waiters are
 * woken in the order of the futex under CPython's condition variable: in order
 * of arrival, and a thread that was woken in vain goes to the end. Each change
 * of owner starts the interval again for all waiters. A thread that was asked to
 * give way does not take the lock again before another thread has had it (forced
 * switching); it waits to be called like the others.
 *
 * Worst case: none. A called waiter may find the lock taken and go to the end of
 * the line, again and again. Only the time to the next change of owner is
 * bounded while somebody waits. The interval starts again when the lock is
 * taken, and when the only waiter was woken in vain, so that time is one
 * wake-up, one interval and the owner's way to its next checkpoint. In practice
 * a thread that computes is rarely there in time and loses only to a thread that
 * is awake. So an I/O thread waits, after each I/O, one interval for each thread
 * that computes.
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
