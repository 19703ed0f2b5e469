/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The worst that can happen to a queue: before each handoff another actor
 * comes to wait.
 */
#ifndef GIL_TEST_NEWCOMERS_H
#define GIL_TEST_NEWCOMERS_H

#include "actor.h"

/*
 * All @count actors are started and idle, and the lock is free. The first @older
 * actors queue, then the victim, then one more before each handoff. Returns how
 * many grants it takes until the victim gets the lock, more than @limit if it
 * does not, or minus an errno. At the end actors may own or await the lock.
 */
int newcomers_grants(int fd, struct actor *actors, int count, int older,
		     int limit);

#endif /* GIL_TEST_NEWCOMERS_H */
