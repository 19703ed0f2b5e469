/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The witness: were two threads in user mode at one instant?
 *
 * Those who must exclude each other look again and again at a word that they
 * share: each look writes the thread's own number there and reads it back many
 * times. Where it finds another number, somebody else ran, and it writes its
 * own again. The look itself is a restartable sequence (rseq), which the kernel
 * aborts if it switches the thread out. So a number that is found in a look
 * that was not aborted was mostly written while this thread was in user mode:
 * both were, at one instant.
 *
 * Mostly: a thread that is asked to give way passes the lock on before it
 * sleeps, and may have it back before it has been switched out. Then it has
 * been in the kernel in the middle of a look, and nothing shows it. That is one
 * find for each time it gives way, an interval of the lock apart, and a look is
 * some microseconds long; two threads in user mode find each other again and
 * again. So a look must find WITNESS_FINDS to count.
 */
#ifndef GIL_TEST_WITNESS_H
#define GIL_TEST_WITNESS_H

#include <stdbool.h>

#include <linux/types.h>

#define WITNESS_FINDS	4

/* Shared by all who must exclude each other, threads or processes. */
struct witness {
	/* Who looked last. Alone in its cache line: it is read in a loop. */
	volatile __u32 last __attribute__((aligned(64)));
	/* Looks that nothing disturbed, and those that saw somebody else. */
	__u64 looks __attribute__((aligned(64)));
	__u64 crowds;
	__u64 next;
};

/* Does this CPU, kernel and C library have restartable sequences? */
bool witness_works(void);

/* A new witness in memory that children share; NULL if there is none. */
struct witness *witness_new(void);

/* A number for a thread to look by; of no meaning but to be its own. */
__u32 witness_number(struct witness *witness);

/* Look once, some microseconds long. */
void witness_look(struct witness *witness, __u32 me);

#endif /* GIL_TEST_WITNESS_H */
