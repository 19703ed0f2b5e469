// SPDX-License-Identifier: GPL-2.0
/* Find the waits that belong to a convoy, and what they were behind. */
#include <stdlib.h>

#include "convoy.h"

/* Adds to @blames if the wait belongs to a convoy. */
static bool belongs(struct blame *blames, const struct holds *holds,
		    const struct turn *turn, uint64_t least_ns)
{
	size_t seats = holds->lock->seats.count;
	struct blame *own;
	uint64_t wait;
	bool yes;

	if (!turn->after_io || !turn->contended || turn->granted == NEVER)
		return false;
	wait = turn->granted - turn->requested;
	if (wait < least_ns)
		return false;
	own = xcalloc(seats, sizeof(*own));
	yes = blame_wait(own, holds, turn, least_ns) * 2 >= wait;
	for (size_t i = 0; yes && i < seats; i++) {
		if (!own[i].ns)
			continue;
		blames[i].seat = own[i].seat;
		blames[i].ns += own[i].ns;
	}
	free(own);
	return yes;
}

static void keep_blamed(struct convoy *convoy, const struct blame *blames,
			const struct lock *lock)
{
	struct array ranked = { 0 };

	blame_rank(&ranked, blames, lock);
	convoy->blamed_count = (uint32_t)ranked.count;
	for (size_t i = 0; i < ranked.count && i < CONVOY_BLAMED_MAX; i++)
		convoy->blamed[i] = *array_at(&ranked, struct blame, i);
	array_free(&ranked);
}

/* The one whose length is nearest to the average. */
static void choose_example(struct convoy *convoy, const struct lock *lock,
			   const struct array *found)
{
	uint64_t average = convoy->wait_ns / convoy->waits, best = NEVER;

	for (size_t i = 0; i < found->count; i++) {
		uint32_t index = *array_at(found, uint32_t, i);
		const struct turn *turn = lock_turn(lock, index);
		uint64_t wait = turn->granted - turn->requested;
		uint64_t off = wait > average ? wait - average : average - wait;

		if (off >= best)
			continue;
		best = off;
		convoy->example = index;
	}
}

void convoy_find(struct convoy *convoy, const struct holds *holds,
		 const struct seat *seat, uint64_t interval_ns)
{
	const struct lock *lock = holds->lock;
	struct blame *blames = xcalloc(lock->seats.count, sizeof(*blames));
	struct array found = { 0 };

	*convoy = (struct convoy){ .example = NONE };
	for (uint32_t i = seat->first; i != NONE; i = lock_turn(lock, i)->next) {
		const struct turn *turn = lock_turn(lock, i);
		uint64_t wait = turn->granted - turn->requested;

		if (turn->after_io && turn->granted != NEVER)
			convoy->came_back++;
		if (!belongs(blames, holds, turn, interval_ns / 2))
			continue;
		*(uint32_t *)array_push(&found, sizeof(i)) = i;
		convoy->waits++;
		convoy->wait_ns += wait;
		if (wait > convoy->longest_ns)
			convoy->longest_ns = wait;
	}
	keep_blamed(convoy, blames, lock);
	free(blames);
	if (convoy->waits)
		choose_example(convoy, lock, &found);
	array_free(&found);
}

bool convoy_is_one(const struct convoy *convoy)
{
	return convoy->waits >= CONVOY_WAITS_MIN &&
	       convoy->waits * 2 >= convoy->came_back;
}
