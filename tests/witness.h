/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The witness: were two threads in user mode at one instant?
 *
 * Threads that must exclude each other share a word and look at it again and
 * again. Each look writes the thread's own number there and reads it back many
 * times. If it finds another number, another thread has run, and the look
 * writes its own number again. The look is a restartable sequence (rseq), which
 * the kernel aborts if it switches the thread out. So a foreign number in a look
 * that was not aborted was, nearly always, written while this thread was in user
 * mode: both threads were there at one instant.
 *
 * The exception is a thread that is asked to give way. It passes the lock on
 * before it sleeps, and may have it back before it is switched out. Then it has
 * been in the kernel in the middle of a look, and the look was not aborted. That
 * makes one find for each time it gives way, and those are an interval of the
 * lock apart. A look takes microseconds, and two threads in user mode find each
 * other again and again in it. So a look must find WITNESS_FINDS to count.
 */
#ifndef GIL_TEST_WITNESS_H
#define GIL_TEST_WITNESS_H

#include <stdbool.h>

#include <linux/types.h>

#define WITNESS_FINDS	4

/* Shared by all threads or processes that must exclude each other. */
struct witness {
	/* The number of the last to look. Alone in its cache line, for speed. */
	volatile __u32 last __attribute__((aligned(64)));
	/* Looks that were not aborted, and those that found another thread. */
	__u64 looks __attribute__((aligned(64)));
	__u64 crowds;
	__u64 next;
};

/* Does this CPU, kernel and C library have restartable sequences? */
bool witness_works(void);

/* A new witness in memory that children share; NULL if there is none. */
struct witness *witness_new(void);

/* A number for a thread to look with. It only has to be unique. */
__u32 witness_number(struct witness *witness);

/* Look once, some microseconds long. */
void witness_look(struct witness *witness, __u32 me);

#endif /* GIL_TEST_WITNESS_H */
