/* SPDX-License-Identifier: GPL-2.0 */
/* How often and how long, per thread and per lock. */
#ifndef GILREPORT_FIGURES_H
#define GILREPORT_FIGURES_H

#include "convoy.h"
#include "lane.h"
#include "model.h"

/* Bucket n counts times of 2^n to 2^(n+1)-1 ns, as the kernel's own do. */
#define BUCKETS 40

struct times {
	uint64_t count, total, max, p50, p99;
	uint64_t buckets[BUCKETS];
};

struct seat_figures {
	uint32_t seat;
	uint64_t turns; /* in which it got the lock */
	uint64_t contended, gave_up, repaired;
	uint64_t io_releases, yields, forced;
	uint64_t taken; /* io_releases that the kernel made, as it blocked */
	struct times wait, wakeup, hold;
	uint64_t state_ns[LANE_STATES];
	struct convoy convoy;
	struct array behind; /* struct blame, of all waits, the longest first */
	uint64_t made_wait_ns; /* how long others waited behind it */
	uint32_t group; /* the same for threads that waited for each other */
};

/*
 * Jain's index is 1 for equal shares, and 1/n if one thread has all. Threads
 * that never met at the lock cannot be unfair to each other: only those count
 * that waited for each other, directly or through others. If there are several
 * such groups, it is the one that waited longest.
 */
struct fairness {
	double jain;
	uint64_t least, most;
	uint32_t least_seat, most_seat; /* whose these are; threads > 0 */
	uint32_t threads, left_out; /* of those that had the lock */
};

struct lock_figures {
	struct array seats; /* struct seat_figures, as lock->seats */
	struct times wait, wakeup, hold;
	struct fairness hold_ns, turns;
	uint32_t users; /* threads that had the lock */
	uint64_t interval_ns;
	bool interval_seen; /* in the recording, or told; else assumed */
	uint64_t first, last; /* its first and last use */
	uint64_t contended, gave_up;
	uint64_t most_waiters;
};

struct figures {
	struct array locks; /* struct lock_figures, as model->locks */
};

/* @interval_ns: the locks' switch interval if it is known, else 0. */
void figures_make(struct figures *figures, const struct model *model,
		  uint64_t interval_ns);
void figures_free(struct figures *figures);

static inline struct lock_figures *figures_lock(const struct figures *figures,
						size_t index)
{
	return array_at(&figures->locks, struct lock_figures, index);
}

static inline struct seat_figures *
figures_seat(const struct lock_figures *lock, size_t index)
{
	return array_at(&lock->seats, struct seat_figures, index);
}

#endif
