/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Tell ThreadSanitizer in which order threads own a lock, because it does not
 * see what the kernel does. Its functions are there only in a program that was
 * built with -fsanitize=thread.
 */
#ifndef LIBGIL_ANNOTATE_H
#define LIBGIL_ANNOTATE_H

#include "gil.h"

void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

static inline int annotate_wanted(void)
{
	return __tsan_acquire && __tsan_release;
}

/* The caller has become the owner, unless this is an error; returns it. */
static inline int annotate_acquired(gil_t *g, int err)
{
	if (annotate_wanted() && (!err || err == EOWNERDEAD))
		__tsan_acquire(g);
	return err;
}

/* The caller is about to give the lock up. */
static inline void annotate_releasing(gil_t *g)
{
	if (annotate_wanted())
		__tsan_release(g);
}

#endif /* LIBGIL_ANNOTATE_H */
