// SPDX-License-Identifier: GPL-2.0
/* A thread's states over time, from its turns and the scheduler's events. */
#include "lane.h"

enum lock_state { NOT_THERE, AWAY, IN_IO, WAITING, GRANTED, OWNER };

const char *lane_state_name(enum lane_state state)
{
	static const char *const names[LANE_STATES] = {
		[LANE_ABSENT] = "absent",
		[LANE_RUN] = "running with the lock",
		[LANE_HELD_READY] = "has the lock, preempted",
		[LANE_HELD_ASLEEP] = "has the lock, asleep",
		[LANE_GRANTED] = "granted, waking up",
		[LANE_WAIT] = "waiting for the lock",
		[LANE_IO] = "in I/O",
		[LANE_FREE_RUN] = "running without the lock",
		[LANE_FREE_READY] = "runnable, preempted",
		[LANE_IDLE] = "idle",
	};

	return names[state];
}

static enum lane_state with_lock(enum sched_state sched)
{
	switch (sched) {
	case SCHED_READY:
		return LANE_HELD_READY;
	case SCHED_BLOCKED:
		return LANE_HELD_ASLEEP;
	case SCHED_DEAD:
		return LANE_ABSENT;
	default:
		return LANE_RUN;
	}
}

static enum lane_state without_lock(enum sched_state sched, bool in_io)
{
	switch (sched) {
	case SCHED_RUNNING:
		return LANE_FREE_RUN;
	case SCHED_READY:
		return LANE_FREE_READY;
	case SCHED_DEAD:
		return LANE_ABSENT;
	default:
		return in_io ? LANE_IO : LANE_IDLE;
	}
}

static enum lane_state combine(enum lock_state lock, enum sched_state sched)
{
	switch (lock) {
	case WAITING:
		return sched == SCHED_DEAD ? LANE_ABSENT : LANE_WAIT;
	case GRANTED:
		return sched == SCHED_DEAD ? LANE_ABSENT : LANE_GRANTED;
	case OWNER:
		return with_lock(sched);
	case IN_IO:
		return without_lock(sched, true);
	case NOT_THERE:
		/* Before its first turn, all that is known is the scheduler's. */
		if (sched == SCHED_UNKNOWN)
			return LANE_ABSENT;
		return without_lock(sched, false);
	default:
		return without_lock(sched, false);
	}
}

/* What the turns say of lane->time, and until when. */
static enum lock_state lock_state(struct lane *lane, uint64_t *until)
{
	const struct turn *turn;

	*until = NEVER;
	for (;;) {
		if (lane->turn == NONE)
			return lane->in_io ? IN_IO : AWAY;
		turn = lock_turn(lane->lock, lane->turn);
		if (lane->time < turn->released)
			break;
		lane->in_io = turn->reason == REASON_IO;
		lane->turn = turn->next;
	}
	*until = turn->requested;
	if (lane->time < turn->requested) {
		if (lane->in_io)
			return IN_IO;
		return turn == lock_turn(lane->lock,
					 model_seat(lane->model, turn->seat)
						 ->first) ? NOT_THERE : AWAY;
	}
	*until = turn->granted < turn->released ? turn->granted :
						  turn->released;
	if (lane->time < *until)
		return WAITING;
	*until = turn->acquired < turn->released ? turn->acquired :
						   turn->released;
	if (lane->time < *until)
		return GRANTED;
	*until = turn->released;
	return OWNER;
}

static enum sched_state sched_state(struct lane *lane, uint64_t *until)
{
	const struct sched_span *spans = lane->thread->spans.data;
	size_t count = lane->thread->spans.count;

	while (lane->span < count && spans[lane->span].start <= lane->time)
		lane->span++;
	*until = lane->span < count ? spans[lane->span].start : NEVER;
	return lane->span ? spans[lane->span - 1].state : SCHED_UNKNOWN;
}

void lane_begin(struct lane *lane, const struct model *model,
		const struct seat *seat)
{
	*lane = (struct lane){
		.model = model,
		.lock = model_lock(model, seat->lock),
		.thread = model_thread(model, seat->thread),
		.time = model->start,
		.turn = seat->first,
		.held = { .start = model->start, .end = model->start },
	};
}

static void advance(struct lane *lane, struct lane_span *span)
{
	uint64_t lock_until, sched_until, until;
	enum lock_state lock = lock_state(lane, &lock_until);
	enum sched_state sched = sched_state(lane, &sched_until);

	until = lock_until < sched_until ? lock_until : sched_until;
	if (until > lane->model->end)
		until = lane->model->end;
	*span = (struct lane_span){
		.start = lane->time,
		.end = until,
		.state = combine(lock, sched),
	};
	lane->time = until;
}

bool lane_next(struct lane *lane, struct lane_span *span)
{
	struct lane_span next;

	while (lane->time < lane->model->end) {
		advance(lane, &next);
		if (next.state == lane->held.state ||
		    lane->held.start == lane->held.end) {
			lane->held.state = next.state;
			lane->held.end = next.end;
			continue;
		}
		*span = lane->held;
		lane->held = next;
		return true;
	}
	*span = lane->held;
	lane->held.start = lane->held.end;
	return span->start < span->end;
}
