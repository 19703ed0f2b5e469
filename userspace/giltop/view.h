/* SPDX-License-Identifier: GPL-2.0 */
/* What happened between two snapshots: shares of the time, and rates. */
#ifndef GILTOP_VIEW_H
#define GILTOP_VIEW_H

#include "snapshot.h"

/* Per second. */
struct rates {
	double acquires;
	double switches;	/* acquisitions that had to wait */
	double io_releases;
	double drop_requests;
	double forced;
};

struct lock_view {
	const struct lock_row *row;
	/* NULL: the lock has no owner, or the owner has just ended. */
	const struct thread_row *owner;
	uint64_t elapsed_ns;
	double held;		/* share of the time, as the kernel knows it */
	bool fast;		/* there were holds that the kernel does not know */
	struct rates rates;
};

/*
 * Shares of the time: @hold and @wait as the kernel knows them, and @away, the
 * rest; @away_known is false if some of that may have been holds by the fast
 * path.
 */
struct thread_view {
	const struct thread_row *row;
	uint64_t elapsed_ns;
	double hold;
	double wait;
	double away;
	bool away_known;
	double cpu;
	struct rates rates;
};

/* Points into the later snapshot, which must outlive it. */
struct view {
	uint64_t at_ns;
	uint64_t elapsed_ns;
	struct lock_view *locks;
	size_t lock_count;
	struct thread_view *threads;
	size_t thread_count;
};

/* False: no memory. */
bool view_make(struct view *view, const struct snapshot *before,
	       const struct snapshot *after);
void view_free(struct view *view);

const struct lock_view *view_lock(const struct view *view, uint64_t lock);

/* How the threads are sorted. */
enum sort_key {
	SORT_HOLD,
	SORT_WAIT,
	SORT_AWAY,
	SORT_SWITCHES,
	SORT_IO,
	SORT_TID,
	SORT_KEYS,
};

const char *sort_name(enum sort_key key);
/* SORT_KEYS: there is no such key. */
enum sort_key sort_find(const char *name);

/* Largest first, but thread ids smallest first; @reverse: the opposite. */
void view_sort(struct view *view, enum sort_key key, bool reverse);

/* One snapshot after another, and what happened between the last two. */
struct sampler {
	const char *debugfs;
	struct snapshot before;
	struct snapshot after;
	struct view view;
	char error[SNAPSHOT_ERROR_MAX];
};

/* The first snapshot; false: @error says why, and nothing needs freeing. */
bool sampler_start(struct sampler *sampler, const char *debugfs);
/* The next one, and the view of what happened since; false as above. */
bool sampler_next(struct sampler *sampler);
void sampler_end(struct sampler *sampler);

#endif
