/* SPDX-License-Identifier: GPL-2.0 */
/* Waiting on a futex and waking its waiters. */
#ifndef GILBENCH_FUTEX_H
#define GILBENCH_FUTEX_H

#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Not FUTEX_PRIVATE_FLAG, because workers may be processes. */
static inline void futex_wait(atomic_uint *word, unsigned int value)
{
	syscall(SYS_futex, word, FUTEX_WAIT, value, NULL, NULL, 0);
}

static inline void futex_wake(atomic_uint *word, int threads)
{
	syscall(SYS_futex, word, FUTEX_WAKE, threads, NULL, NULL, 0);
}

#endif
