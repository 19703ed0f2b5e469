/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The adversary of a queue: before each handoff one more comes to wait.
 */
#ifndef GIL_TEST_NEWCOMERS_H
#define GIL_TEST_NEWCOMERS_H

#include "actor.h"

/*
 * Of @count actors, started and idle, the first @older wait already when the
 * next one comes. After how many grants it gets the lock, or more than @limit;
 * or minus an errno. Nobody may hold the lock at first, and actors may own it
 * or wait for it at the end.
 */
int newcomers_grants(int fd, struct actor *actors, int count, int older,
		     int limit);

#endif /* GIL_TEST_NEWCOMERS_H */
