/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A convoy: threads come back from I/O and wait behind threads that compute,
 * time after time.
 *
 * A wait belongs to a convoy if
 *  - the thread came back: it had released the lock for I/O, or had slept since
 *    it released the lock;
 *  - it waited for half a switch interval or longer;
 *  - for most of that time, other threads held the lock for half an interval or
 *    longer in one turn. (A queue of many short turns is only long.)
 * A thread is in a convoy if that happened three times or more, and at half or
 * more of the times that it came back.
 */
#ifndef GILREPORT_CONVOY_H
#define GILREPORT_CONVOY_H

#include "blame.h"

#define CONVOY_WAITS_MIN 3
#define CONVOY_BLAMED_MAX 4

/* One thread's. */
struct convoy {
	uint64_t came_back; /* times that it asked after I/O, and got the lock */
	uint64_t waits; /* of these, that belong to a convoy */
	uint64_t wait_ns; /* their sum */
	uint64_t longest_ns;
	uint32_t example; /* the turn with a typical one, or NONE */
	/* Those behind whom it waited longest, and how many there were. */
	struct blame blamed[CONVOY_BLAMED_MAX];
	uint32_t blamed_count;
};

/* Among a lock's @holds, those count that last half of @interval_ns or longer. */
void convoy_find(struct convoy *convoy, const struct holds *holds,
		 const struct seat *seat, uint64_t interval_ns);
bool convoy_is_one(const struct convoy *convoy);

#endif
