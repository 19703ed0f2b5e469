/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A thread's lane at a lock: what its turns and the scheduler say together, as
 * spans without gap or overlap from the recording's start to its end.
 */
#ifndef GILREPORT_LANE_H
#define GILREPORT_LANE_H

#include "model.h"

enum lane_state {
	LANE_ABSENT, /* not started yet, or gone */
	LANE_RUN, /* runs with the lock */
	LANE_HELD_READY, /* has the lock, but no CPU */
	LANE_HELD_ASLEEP, /* has the lock, and sleeps */
	LANE_GRANTED, /* was given the lock, does not run yet */
	LANE_WAIT, /* in the lock's queue */
	LANE_IO, /* gave the lock up for I/O, and sleeps */
	LANE_FREE_RUN, /* runs without the lock */
	LANE_FREE_READY, /* without the lock, and without a CPU */
	LANE_IDLE, /* sleeps, and does not want the lock */
	LANE_STATES,
};

const char *lane_state_name(enum lane_state state);

struct lane_span {
	uint64_t start, end;
	enum lane_state state;
};

struct lane {
	const struct model *model;
	const struct lock *lock;
	const struct thread *thread;
	uint64_t time;
	uint32_t turn; /* the one that this time is in or before, or NONE */
	bool in_io; /* the turn before it ended for I/O */
	size_t span; /* scheduler spans that have begun */
	struct lane_span held; /* a span that may still grow */
};

void lane_begin(struct lane *lane, const struct model *model,
		const struct seat *seat);
/* False when there are no more. */
bool lane_next(struct lane *lane, struct lane_span *span);

#endif
