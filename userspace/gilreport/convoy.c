// SPDX-License-Identifier: GPL-2.0
/* Find the waits that belong to a convoy, and what they were behind. */
#include <stdlib.h>
#include <string.h>

#include "convoy.h"

static bool is_long(const struct turn *turn, uint64_t least_ns)
{
	return turn->granted != NEVER && turn->released != NEVER &&
	       turn->released - turn->granted >= least_ns;
}

static const struct lock *sorted_lock;

static int compare_granted(const void *a, const void *b)
{
	uint64_t x = lock_turn(sorted_lock, *(const uint32_t *)a)->granted;
	uint64_t y = lock_turn(sorted_lock, *(const uint32_t *)b)->granted;

	return (x > y) - (x < y);
}

void long_holds_find(struct long_holds *holds, const struct model *model,
		     const struct lock *lock, uint64_t interval_ns)
{
	*holds = (struct long_holds){
		.model = model,
		.lock = lock,
		.least_ns = interval_ns / 2,
	};
	for (uint32_t i = 0; i < lock->turns.count; i++)
		if (is_long(lock_turn(lock, i), holds->least_ns))
			*(uint32_t *)array_push(&holds->turns, sizeof(i)) = i;
	if (!holds->turns.count)
		return;
	sorted_lock = lock;
	qsort(holds->turns.data, holds->turns.count, sizeof(uint32_t),
	      compare_granted);
}

void long_holds_free(struct long_holds *holds)
{
	array_free(&holds->turns);
}

static const struct turn *hold_at(const struct long_holds *holds, size_t index)
{
	return lock_turn(holds->lock,
			 *array_at(&holds->turns, uint32_t, index));
}

/* The first of the holds that ended after @time. */
static size_t first_after(const struct long_holds *holds, uint64_t time)
{
	size_t low = 0, high = holds->turns.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (hold_at(holds, middle)->released > time)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* How much of @wait passed in @hold. */
static uint64_t overlap(const struct turn *wait, const struct turn *hold)
{
	uint64_t start = hold->granted > wait->requested ? hold->granted :
							   wait->requested;
	uint64_t end = hold->released < wait->granted ? hold->released :
							wait->granted;

	return end > start ? end - start : 0;
}

/* The time of @wait that passed in long holds of others. */
static uint64_t behind(const struct long_holds *holds, const struct turn *wait)
{
	uint64_t sum = 0;

	for (size_t i = first_after(holds, wait->requested);
	     i < holds->turns.count &&
	     hold_at(holds, i)->granted < wait->granted; i++)
		if (hold_at(holds, i)->seat != wait->seat)
			sum += overlap(wait, hold_at(holds, i));
	return sum;
}

static bool belongs(const struct long_holds *holds, const struct turn *turn)
{
	uint64_t wait;

	if (!turn->after_io || !turn->contended || turn->granted == NEVER)
		return false;
	wait = turn->granted - turn->requested;
	return wait >= holds->least_ns && behind(holds, turn) * 2 >= wait;
}

static void blame_for(struct array *blames, const struct long_holds *holds,
		      const struct turn *wait)
{
	for (size_t i = first_after(holds, wait->requested);
	     i < holds->turns.count &&
	     hold_at(holds, i)->granted < wait->granted; i++) {
		const struct turn *hold = hold_at(holds, i);
		struct blame *blame;
		size_t at = 0;

		if (hold->seat == wait->seat)
			continue;
		while (at < blames->count &&
		       array_at(blames, struct blame, at)->seat != hold->seat)
			at++;
		blame = at < blames->count ?
			array_at(blames, struct blame, at) :
			array_push(blames, sizeof(*blame));
		blame->seat = hold->seat;
		blame->ns += overlap(wait, hold);
	}
}

static int compare_blame(const void *a, const void *b)
{
	const struct blame *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

static void keep_blamed(struct convoy *convoy, struct array *blames)
{
	size_t kept = blames->count;

	convoy->blamed_count = (uint32_t)blames->count;
	if (!kept)
		return;
	qsort(blames->data, kept, sizeof(struct blame), compare_blame);
	if (kept > CONVOY_BLAMED_MAX)
		kept = CONVOY_BLAMED_MAX;
	memcpy(convoy->blamed, blames->data, kept * sizeof(struct blame));
}

/* The one whose length is nearest to the average. */
static void choose_example(struct convoy *convoy,
			   const struct long_holds *holds,
			   const struct seat *seat)
{
	uint64_t average = convoy->wait_ns / convoy->waits, best = NEVER;

	for (uint32_t i = seat->first; i != NONE;
	     i = lock_turn(holds->lock, i)->next) {
		const struct turn *turn = lock_turn(holds->lock, i);
		uint64_t wait, off;

		if (!belongs(holds, turn))
			continue;
		wait = turn->granted - turn->requested;
		off = wait > average ? wait - average : average - wait;
		if (off >= best)
			continue;
		best = off;
		convoy->example = i;
	}
}

void convoy_find(struct convoy *convoy, const struct long_holds *holds,
		 const struct seat *seat)
{
	struct array blames = { 0 };

	*convoy = (struct convoy){ .example = NONE };
	for (uint32_t i = seat->first; i != NONE;
	     i = lock_turn(holds->lock, i)->next) {
		const struct turn *turn = lock_turn(holds->lock, i);
		uint64_t wait = turn->granted - turn->requested;

		if (turn->after_io && turn->granted != NEVER)
			convoy->came_back++;
		if (!belongs(holds, turn))
			continue;
		convoy->waits++;
		convoy->wait_ns += wait;
		if (wait > convoy->longest_ns)
			convoy->longest_ns = wait;
		blame_for(&blames, holds, turn);
	}
	keep_blamed(convoy, &blames);
	array_free(&blames);
	if (convoy->waits)
		choose_example(convoy, holds, seat);
}

bool convoy_is_one(const struct convoy *convoy)
{
	return convoy->waits >= CONVOY_WAITS_MIN &&
	       convoy->waits * 2 >= convoy->came_back;
}
