// SPDX-License-Identifier: GPL-2.0
/* Compare two snapshots: shares of the time, and rates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/*
 * A line's figures at both ends of an interval. A new line appeared within the
 * interval, so it began with zeros.
 */
struct pair {
	const struct figures *before;
	const struct figures *after;
	uint64_t elapsed_ns;
};

static const struct figures nothing;

/* No counter ever decreases. */
static bool went_back(const struct figures *before, const struct figures *after)
{
	if (after->now_ns < before->now_ns)
		return true;
	for (int i = 0; i < COUNTERS; i++)
		if (after->counts[i] < before->counts[i])
			return true;
	return false;
}

/*
 * @before is NULL, or has the same number. If a counter went backwards, it
 * belongs to another lock or thread.
 */
static struct pair pair_up(const struct figures *before,
			   const struct figures *after, uint64_t elapsed_ns)
{
	struct pair pair = {
		.before = &nothing,
		.after = after,
		.elapsed_ns = elapsed_ns,
	};

	if (before && !went_back(before, after)) {
		pair.before = before;
		pair.elapsed_ns = after->now_ns - before->now_ns;
	}
	return pair;
}

static uint64_t grown(const struct pair *pair, enum counter counter)
{
	return pair->after->counts[counter] - pair->before->counts[counter];
}

static double share(uint64_t ns, uint64_t elapsed_ns)
{
	return elapsed_ns ? (double)ns / (double)elapsed_ns : 0;
}

static double a_second(const struct pair *pair, uint64_t count)
{
	return share(count, pair->elapsed_ns) * 1e9;
}

static struct rates rates(const struct pair *pair)
{
	return (struct rates){
		.acquires = a_second(pair, grown(pair, COUNT_FAST) +
						   grown(pair, COUNT_SLOW)),
		.switches = a_second(pair, grown(pair, COUNT_CONTENDED)),
		.io_releases = a_second(pair, grown(pair, COUNT_IO)),
		.drop_requests =
			a_second(pair, grown(pair, COUNT_DROP_REQUESTS)),
		.forced = a_second(pair, grown(pair, COUNT_FORCED)),
	};
}

/* How long the hold or the wait has lasted, by the clock of the snapshot. */
static uint64_t lasting(const struct figures *figures, bool does)
{
	if (!does || !figures->since_ns ||
	    figures->since_ns > figures->now_ns)
		return 0;
	return figures->now_ns - figures->since_ns;
}

/*
 * The counter grew by all holds or waits that ended within the interval. Take
 * off the part before the interval, and add the one that has not ended.
 */
static double time_share(const struct pair *pair, enum counter counter,
			 bool did, bool does)
{
	uint64_t ended = grown(pair, counter);
	uint64_t then = lasting(pair->before, did);
	uint64_t total = ended + lasting(pair->after, does);
	double part;

	/* A wait that ended without the lock is in no counter. */
	if (total < then)
		return 0;
	part = share(total - then, pair->elapsed_ns);
	return part < 1 ? part : 1;
}

/* Of an owner by the fast path, the kernel does not know since when. */
static bool owns_fast(const struct thread_row *row)
{
	return thread_owns(row) && !row->figures.since_ns;
}

static void compare_lock(struct lock_view *view, const struct lock_row *before,
			 const struct snapshot *after, uint64_t elapsed_ns)
{
	const struct lock_row *row = view->row;
	struct pair pair = pair_up(before ? &before->figures : NULL,
				   &row->figures, elapsed_ns);

	if (row->owner)
		view->owner = snapshot_thread(after, row->lock, row->owner);
	view->elapsed_ns = pair.elapsed_ns;
	view->held = time_share(&pair, COUNT_HOLD_NS, true, true);
	view->fast = grown(&pair, COUNT_FAST) ||
		     (row->owner && !row->figures.since_ns);
	view->rates = rates(&pair);
}

static void compare_thread(struct thread_view *view,
			   const struct thread_row *before,
			   const struct lock_view *lock, uint64_t elapsed_ns)
{
	const struct thread_row *row = view->row;
	bool same = before && before->tid == row->tid &&
		    before->tgid == row->tgid;
	struct pair pair = pair_up(same ? &before->figures : NULL,
				   &row->figures, elapsed_ns);
	double rest;

	same = pair.before != &nothing;
	view->elapsed_ns = pair.elapsed_ns;
	view->hold = time_share(&pair, COUNT_HOLD_NS,
				same && thread_owns(before), thread_owns(row));
	view->wait = time_share(&pair, COUNT_WAIT_NS,
				same && thread_waits(before),
				thread_waits(row));
	rest = 1 - view->hold - view->wait;
	view->away = pair.elapsed_ns && rest > 0 ? rest : 0;
	view->away_known = row->bind ||
			   !((lock && lock->fast) || owns_fast(row) ||
			     (same && owns_fast(before)));
	/* A thread may be older than its context. */
	if (same && row->cpu_ns >= before->cpu_ns)
		view->cpu = share(row->cpu_ns - before->cpu_ns,
				  pair.elapsed_ns);
	view->rates = rates(&pair);
}

static void fill(struct view *view, const struct snapshot *before,
		 const struct snapshot *after)
{
	for (size_t i = 0; i < after->lock_count; i++) {
		struct lock_view *lock = &view->locks[i];

		lock->row = &after->locks[i];
		compare_lock(lock, snapshot_lock(before, lock->row->lock),
			     after, view->elapsed_ns);
	}
	view->lock_count = after->lock_count;
	for (size_t i = 0; i < after->thread_count; i++) {
		struct thread_view *thread = &view->threads[i];
		const struct thread_row *row = &after->threads[i];

		thread->row = row;
		compare_thread(thread,
			       snapshot_thread(before, row->lock, row->id),
			       view_lock(view, row->lock), view->elapsed_ns);
	}
	view->thread_count = after->thread_count;
}

bool view_make(struct view *view, const struct snapshot *before,
	       const struct snapshot *after)
{
	*view = (struct view){
		.at_ns = after->at_ns,
		.elapsed_ns = after->at_ns - before->at_ns,
		.locks = calloc(after->lock_count + 1, sizeof(*view->locks)),
		.threads = calloc(after->thread_count + 1,
				  sizeof(*view->threads)),
	};
	if (!view->locks || !view->threads) {
		view_free(view);
		return false;
	}
	fill(view, before, after);
	return true;
}

void view_free(struct view *view)
{
	free(view->locks);
	free(view->threads);
	*view = (struct view){ 0 };
}

static int find_lock(const void *key, const void *element)
{
	const uint64_t *lock = key;
	const struct lock_view *view = element;

	return *lock < view->row->lock ? -1 : *lock > view->row->lock;
}

const struct lock_view *view_lock(const struct view *view, uint64_t lock)
{
	if (!view->lock_count)
		return NULL;
	return bsearch(&lock, view->locks, view->lock_count,
		       sizeof(*view->locks), find_lock);
}

static const char *const sort_names[SORT_KEYS] = {
	[SORT_HOLD] = "hold",	      [SORT_WAIT] = "wait",
	[SORT_AWAY] = "away",	      [SORT_SWITCHES] = "switches",
	[SORT_IO] = "io",	      [SORT_TID] = "tid",
};

const char *sort_name(enum sort_key key)
{
	return sort_names[key];
}

enum sort_key sort_find(const char *name)
{
	int key = 0;

	while (key < SORT_KEYS && strcmp(sort_names[key], name))
		key++;
	return (enum sort_key)key;
}

static double sort_value(const struct thread_view *thread, enum sort_key key)
{
	switch (key) {
	case SORT_HOLD:
		return thread->hold;
	case SORT_WAIT:
		return thread->wait;
	case SORT_AWAY:
		return thread->away;
	case SORT_SWITCHES:
		return thread->rates.switches;
	case SORT_IO:
		return thread->rates.io_releases;
	default:
		return -(double)thread->row->tid;
	}
}

struct sort_order {
	enum sort_key key;
	bool reverse;
};

/* Threads with equal values are sorted by lock and id, so they stay put. */
static int compare_views(const void *a, const void *b, void *order)
{
	const struct thread_view *left = a, *right = b;
	const struct sort_order *by = order;
	double l = sort_value(left, by->key), r = sort_value(right, by->key);

	if (l != r)
		return (l > r ? -1 : 1) * (by->reverse ? -1 : 1);
	if (left->row->lock != right->row->lock)
		return left->row->lock < right->row->lock ? -1 : 1;
	return left->row->id < right->row->id ? -1 : left->row->id > right->row->id;
}

void view_sort(struct view *view, enum sort_key key, bool reverse)
{
	struct sort_order order = { key, reverse };

	qsort_r(view->threads, view->thread_count, sizeof(*view->threads),
		compare_views, &order);
}

bool sampler_start(struct sampler *sampler, const char *debugfs)
{
	*sampler = (struct sampler){ .debugfs = debugfs };
	return snapshot_read(&sampler->after, debugfs, sampler->error);
}

bool sampler_next(struct sampler *sampler)
{
	view_free(&sampler->view);
	snapshot_free(&sampler->before);
	sampler->before = sampler->after;
	sampler->after = (struct snapshot){ 0 };
	if (!snapshot_read(&sampler->after, sampler->debugfs, sampler->error)) {
		sampler_end(sampler);
		return false;
	}
	if (!view_make(&sampler->view, &sampler->before, &sampler->after)) {
		snprintf(sampler->error, sizeof(sampler->error),
			 "out of memory");
		sampler_end(sampler);
		return false;
	}
	return true;
}

void sampler_end(struct sampler *sampler)
{
	view_free(&sampler->view);
	snapshot_free(&sampler->before);
	snapshot_free(&sampler->after);
}
