/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Behind whom a thread waited. A wait is behind each other thread that held the
 * lock meanwhile, for as long as that thread held it. The rest of the wait is
 * nobody's: the lock was being handed over, or the recording lacks a hold.
 */
#ifndef GILREPORT_BLAME_H
#define GILREPORT_BLAME_H

#include "model.h"

struct blame {
	uint32_t seat; /* whom the wait was behind */
	uint64_t ns;
};

/* The turns of a lock that held it, in order. */
struct holds {
	const struct model *model;
	const struct lock *lock;
	struct array turns; /* uint32_t */
};

void holds_find(struct holds *holds, const struct model *model,
		const struct lock *lock);
void holds_free(struct holds *holds);

/*
 * Add to @blames, which has a struct blame for each seat of the lock, what @wait
 * was behind. Holds shorter than @least_ns do not count. Returns the sum.
 */
uint64_t blame_wait(struct blame *blames, const struct holds *holds,
		    const struct turn *wait, uint64_t least_ns);

/* Append those of a lock's @blames that are not 0, the longest first. */
void blame_rank(struct array *ranked, const struct blame *blames,
		const struct lock *lock);

#endif
