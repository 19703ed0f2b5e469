// SPDX-License-Identifier: GPL-2.0
/* How often and how long, for each thread and each lock. */
#include <math.h>
#include <stdlib.h>

#include "figures.h"

/* The interval of new locks, for recordings in which none ran out. */
#define INTERVAL_DEFAULT_NS 5000000ULL

/* Where a figure of a turn is, and where the sums of it go. */
static const struct measure {
	size_t in_turn, in_seat, in_lock;
} measures[] = {
#define MEASURE(name) \
	{ offsetof(struct turn, name##_ns), \
	  offsetof(struct seat_figures, name), \
	  offsetof(struct lock_figures, name) }
	MEASURE(wait), MEASURE(wakeup), MEASURE(hold),
#undef MEASURE
};

#define MEASURES (sizeof(measures) / sizeof(*measures))

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int bucket = ns ? 63 - (unsigned int)__builtin_clzll(ns) : 0;

	return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

/* The smallest element that is not below a share @q of the sorted ones. */
static uint64_t quantile(const uint64_t *sorted, size_t count, double q)
{
	size_t rank = (size_t)ceil(q * (double)count);

	return sorted[rank ? rank - 1 : 0];
}

/* Sorts @samples. */
static void summarise(struct times *times, struct array *samples)
{
	uint64_t *ns = samples->data;

	*times = (struct times){ .count = samples->count };
	if (!samples->count)
		return;
	qsort(ns, samples->count, sizeof(*ns), compare_u64);
	for (size_t i = 0; i < samples->count; i++) {
		times->total += ns[i];
		times->buckets[bucket_of(ns[i])]++;
	}
	times->max = ns[samples->count - 1];
	times->p50 = quantile(ns, samples->count, 0.5);
	times->p99 = quantile(ns, samples->count, 0.99);
}

static void take(struct array *samples, const struct lock *lock, uint32_t first,
		 const struct measure *measure)
{
	for (uint32_t i = first; i != NONE; i = lock_turn(lock, i)->next) {
		const char *turn = (const char *)lock_turn(lock, i);
		uint64_t ns = *(const uint64_t *)(turn + measure->in_turn);

		if (ns != NEVER)
			*(uint64_t *)array_push(samples, sizeof(ns)) = ns;
	}
}

static void measure_times(struct lock_figures *figures,
			  const struct model *model, const struct lock *lock)
{
	for (size_t m = 0; m < MEASURES; m++) {
		struct array all = { 0 };

		for (size_t i = 0; i < lock->seats.count; i++) {
			char *to = (char *)figures_seat(figures, i);
			uint32_t first = lock_seat(model, lock, i)->first;
			struct array own = { 0 };

			take(&own, lock, first, &measures[m]);
			take(&all, lock, first, &measures[m]);
			summarise((struct times *)(to + measures[m].in_seat),
				  &own);
			array_free(&own);
		}
		summarise((struct times *)((char *)figures +
					   measures[m].in_lock), &all);
		array_free(&all);
	}
}

static void count_turn(struct seat_figures *seat, const struct turn *turn)
{
	bool got = turn->granted != NEVER;

	seat->turns += got;
	seat->contended += got && turn->contended;
	seat->gave_up += !got && turn->released != NEVER;
	seat->repaired += turn->repaired;
	seat->io_releases += turn->reason == REASON_IO;
	seat->taken += turn->taken;
	seat->yields += turn->reason == REASON_YIELD;
	seat->forced += turn->reason == REASON_INTERVAL ||
			(turn->reason == REASON_YIELD && turn->asked != NEVER);
}

static void count_states(struct seat_figures *figures,
			 const struct model *model, const struct seat *seat)
{
	struct lane_span span;
	struct lane lane;

	lane_begin(&lane, model, seat);
	while (lane_next(&lane, &span))
		figures->state_ns[span.state] += span.end - span.start;
}

static void count_seats(struct lock_figures *figures, const struct model *model,
			const struct lock *lock)
{
	for (size_t i = 0; i < lock->seats.count; i++) {
		const struct seat *seat = lock_seat(model, lock, i);
		struct seat_figures *to =
			array_push(&figures->seats, sizeof(*to));

		to->seat = *array_at(&lock->seats, uint32_t, i);
		for (uint32_t t = seat->first; t != NONE;
		     t = lock_turn(lock, t)->next)
			count_turn(to, lock_turn(lock, t));
		count_states(to, model, seat);
		figures->users += to->turns > 0;
		figures->contended += to->contended;
		figures->gave_up += to->gave_up;
	}
}

static uint64_t turns_of(const struct seat_figures *seat)
{
	return seat->turns;
}

static uint64_t held_by(const struct seat_figures *seat)
{
	return seat->hold.total;
}

static void join_groups(struct lock_figures *figures, uint32_t from, uint32_t to)
{
	for (size_t i = 0; from != to && i < figures->seats.count; i++)
		if (figures_seat(figures, i)->group == from)
			figures_seat(figures, i)->group = to;
}

/* The group that waited longest, or NONE if no thread waited for another. */
static uint32_t find_group(struct lock_figures *figures,
			   const struct model *model)
{
	size_t seats = figures->seats.count;
	uint64_t *waits = xcalloc(seats, sizeof(*waits));
	uint32_t best = NONE;

	for (uint32_t i = 0; i < seats; i++)
		figures_seat(figures, i)->group = i;
	for (size_t i = 0; i < seats; i++) {
		const struct seat_figures *seat = figures_seat(figures, i);

		for (size_t b = 0; b < seat->behind.count; b++) {
			const struct blame *blame =
				array_at(&seat->behind, struct blame, b);
			uint32_t owner = model_seat(model, blame->seat)->index;

			join_groups(figures, figures_seat(figures, owner)->group,
				    seat->group);
		}
	}
	for (size_t i = 0; i < seats; i++) {
		const struct seat_figures *seat = figures_seat(figures, i);

		waits[seat->group] += seat->wait.total;
		if (seat->behind.count &&
		    (best == NONE || waits[seat->group] > waits[best]))
			best = seat->group;
	}
	free(waits);
	return best;
}

static void judge_fairness(struct fairness *fairness,
			   const struct lock_figures *figures, uint32_t group,
			   uint64_t (*of)(const struct seat_figures *seat))
{
	double sum = 0, squares = 0;

	*fairness = (struct fairness){ .least = NEVER };
	for (size_t i = 0; i < figures->seats.count; i++) {
		const struct seat_figures *seat = figures_seat(figures, i);
		uint64_t share = of(seat);

		if (!seat->turns)
			continue;
		if (seat->group != group) {
			fairness->left_out++;
			continue;
		}
		fairness->threads++;
		sum += (double)share;
		squares += (double)share * (double)share;
		if (share < fairness->least) {
			fairness->least = share;
			fairness->least_seat = seat->seat;
		}
		if (share >= fairness->most) {
			fairness->most = share;
			fairness->most_seat = seat->seat;
		}
	}
	if (!fairness->threads)
		fairness->least = 0;
	if (squares > 0)
		fairness->jain = sum * sum / (fairness->threads * squares);
}

static void judge_shares(struct lock_figures *figures,
			 const struct model *model)
{
	uint32_t group = find_group(figures, model);

	judge_fairness(&figures->hold_ns, figures, group, held_by);
	judge_fairness(&figures->turns, figures, group, turns_of);
}

/* The median of the times after which owners were asked to drop the lock. */
static void learn_interval(struct lock_figures *figures,
			   const struct lock *lock, uint64_t told_ns)
{
	struct array sorted = { 0 };

	figures->interval_ns = told_ns ? told_ns : INTERVAL_DEFAULT_NS;
	figures->interval_seen = told_ns;
	if (told_ns || !lock->patience.count)
		return;
	for (size_t i = 0; i < lock->patience.count; i++)
		*(uint64_t *)array_push(&sorted, sizeof(uint64_t)) =
			*array_at(&lock->patience, uint64_t, i);
	qsort(sorted.data, sorted.count, sizeof(uint64_t), compare_u64);
	figures->interval_ns = quantile(sorted.data, sorted.count, 0.5);
	figures->interval_seen = true;
	array_free(&sorted);
}

static void blame_owners(struct lock_figures *figures,
			 const struct holds *holds, size_t index)
{
	const struct lock *lock = holds->lock;
	struct blame *blames = xcalloc(lock->seats.count, sizeof(*blames));
	struct array *behind = &figures_seat(figures, index)->behind;

	for (uint32_t i = lock_seat(holds->model, lock, index)->first;
	     i != NONE; i = lock_turn(lock, i)->next)
		blame_wait(blames, holds, lock_turn(lock, i), 0);
	blame_rank(behind, blames, lock);
	for (size_t i = 0; i < lock->seats.count; i++)
		figures_seat(figures, i)->made_wait_ns += blames[i].ns;
	free(blames);
}

static void find_waits(struct lock_figures *figures, const struct model *model,
		       const struct lock *lock)
{
	struct holds holds;

	holds_find(&holds, model, lock);
	for (size_t i = 0; i < lock->seats.count; i++) {
		convoy_find(&figures_seat(figures, i)->convoy, &holds,
			    lock_seat(model, lock, i), figures->interval_ns);
		blame_owners(figures, &holds, i);
	}
	holds_free(&holds);
}

static void bound_use(struct lock_figures *figures, const struct model *model,
		      const struct lock *lock)
{
	figures->first = model->end;
	figures->last = model->start;
	for (uint32_t i = 0; i < lock->turns.count; i++) {
		const struct turn *turn = lock_turn(lock, i);
		uint64_t end = turn->released < model->end ? turn->released :
							     model->end;

		if (turn->requested < figures->first)
			figures->first = turn->requested;
		if (end > figures->last)
			figures->last = end;
	}
	for (size_t i = 0; i < lock->waiters.count; i++) {
		uint32_t count =
			array_at(&lock->waiters, struct waiters, i)->count;

		if (count > figures->most_waiters)
			figures->most_waiters = count;
	}
}

void figures_make(struct figures *figures, const struct model *model,
		  uint64_t interval_ns)
{
	*figures = (struct figures){ 0 };
	for (size_t i = 0; i < model->locks.count; i++) {
		const struct lock *lock = model_lock(model, i);
		struct lock_figures *to =
			array_push(&figures->locks, sizeof(*to));

		count_seats(to, model, lock);
		measure_times(to, model, lock);
		learn_interval(to, lock, interval_ns);
		find_waits(to, model, lock);
		judge_shares(to, model);
		bound_use(to, model, lock);
	}
}

void figures_free(struct figures *figures)
{
	for (size_t i = 0; i < figures->locks.count; i++) {
		struct lock_figures *lock = figures_lock(figures, i);

		for (size_t s = 0; s < lock->seats.count; s++)
			array_free(&figures_seat(lock, s)->behind);
		array_free(&lock->seats);
	}
	array_free(&figures->locks);
}
