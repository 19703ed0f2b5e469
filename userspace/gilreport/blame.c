// SPDX-License-Identifier: GPL-2.0
/* Find the owners that a thread waited behind, and for how long. */
#include <stdlib.h>

#include "blame.h"

static const struct lock *sorted_lock;

static int compare_granted(const void *a, const void *b)
{
	uint64_t x = lock_turn(sorted_lock, *(const uint32_t *)a)->granted;
	uint64_t y = lock_turn(sorted_lock, *(const uint32_t *)b)->granted;

	return (x > y) - (x < y);
}

void holds_find(struct holds *holds, const struct model *model,
		const struct lock *lock)
{
	*holds = (struct holds){ .model = model, .lock = lock };
	for (uint32_t i = 0; i < lock->turns.count; i++) {
		const struct turn *turn = lock_turn(lock, i);

		/* A hold that is not over when the recording ends counts. */
		if (turn->granted != NEVER && turn->granted < turn->released)
			*(uint32_t *)array_push(&holds->turns, sizeof(i)) = i;
	}
	if (!holds->turns.count)
		return;
	sorted_lock = lock;
	qsort(holds->turns.data, holds->turns.count, sizeof(uint32_t),
	      compare_granted);
}

void holds_free(struct holds *holds)
{
	array_free(&holds->turns);
}

static const struct turn *hold_at(const struct holds *holds, size_t index)
{
	return lock_turn(holds->lock,
			 *array_at(&holds->turns, uint32_t, index));
}

/* The first of the holds that ended after @time. */
static size_t first_after(const struct holds *holds, uint64_t time)
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

uint64_t blame_wait(struct blame *blames, const struct holds *holds,
		    const struct turn *wait, uint64_t least_ns)
{
	uint64_t sum = 0;

	if (wait->granted == NEVER)
		return 0;
	for (size_t i = first_after(holds, wait->requested);
	     i < holds->turns.count &&
	     hold_at(holds, i)->granted < wait->granted; i++) {
		const struct turn *hold = hold_at(holds, i);
		struct blame *blame =
			&blames[model_seat(holds->model, hold->seat)->index];

		if (hold->seat == wait->seat ||
		    hold->released - hold->granted < least_ns)
			continue;
		blame->seat = hold->seat;
		blame->ns += overlap(wait, hold);
		sum += overlap(wait, hold);
	}
	return sum;
}

static int compare_blame(const void *a, const void *b)
{
	const struct blame *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

void blame_rank(struct array *ranked, const struct blame *blames,
		const struct lock *lock)
{
	for (size_t i = 0; i < lock->seats.count; i++)
		if (blames[i].ns)
			*(struct blame *)array_push(ranked, sizeof(*blames)) =
				blames[i];
	if (ranked->count)
		qsort(ranked->data, ranked->count, sizeof(*blames),
		      compare_blame);
}
