// SPDX-License-Identifier: GPL-2.0
/*
 * The locks' events: who had a lock in turn.
 *
 * A turn's steps are filled in as they come. A recording may begin within a
 * turn, and may have lost events. Then the next step's own figures say when the
 * missing steps were (an acquire has its wait and wakeup, a release its hold),
 * and the turn counts as repaired.
 */
#include <string.h>

#include "model.h"

static uint64_t before(uint64_t time, uint64_t ns)
{
	return ns < time ? time - ns : 0;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static struct lock *find_lock(struct model *model, uint32_t nr,
			      uint32_t *index)
{
	struct lock *lock;

	*index = map_get(&model->by_lock, nr);
	if (*index != NONE)
		return model_lock(model, *index);
	*index = (uint32_t)model->locks.count;
	lock = array_push(&model->locks, sizeof(*lock));
	lock->nr = nr;
	lock->owner = NONE;
	lock->pending = NONE;
	lock->waiting_since = NEVER;
	map_set(&model->by_lock, nr, *index);
	return lock;
}

static uint32_t find_seat(struct model *model, uint32_t lock, uint32_t thread)
{
	uint64_t key = (uint64_t)lock << 32 | thread;
	uint32_t index = map_get(&model->by_seat, key);
	struct seat *seat;

	if (index != NONE)
		return index;
	index = (uint32_t)model->seats.count;
	seat = array_push(&model->seats, sizeof(*seat));
	*seat = (struct seat){
		.lock = lock,
		.thread = thread,
		.index = (uint32_t)model_lock(model, lock)->seats.count,
		.first = NONE,
		.last = NONE,
		.next_of_thread = model_thread(model, thread)->seats,
	};
	model_thread(model, thread)->seats = index;
	*(uint32_t *)array_push(&model_lock(model, lock)->seats,
				sizeof(index)) = index;
	map_set(&model->by_seat, key, index);
	return index;
}

static struct turn *last_turn(struct model *model, const struct seat *seat)
{
	return seat->last == NONE ? NULL :
	       lock_turn(model_lock(model, seat->lock), seat->last);
}

static struct turn *open_turn(struct model *model, const struct seat *seat)
{
	return seat->open ? last_turn(model, seat) : NULL;
}

/* Not before the seat's last turn ended, so that turns do not overlap. */
static uint64_t not_before_last(struct model *model, const struct seat *seat,
				uint64_t time)
{
	const struct turn *last = last_turn(model, seat);

	return later(time, last ? last->released : model->start);
}

static struct turn *begin(struct model *model, uint32_t index, uint64_t time)
{
	struct seat *seat = model_seat(model, index);
	struct lock *lock = model_lock(model, seat->lock);
	uint64_t start = not_before_last(model, seat, time);
	uint32_t number = (uint32_t)lock->turns.count;
	struct turn *turn = array_push(&lock->turns, sizeof(*turn));

	*turn = (struct turn){
		.requested = start,
		.granted = NEVER,
		.acquired = NEVER,
		.released = NEVER,
		.asked = NEVER,
		.wait_ns = NEVER,
		.wakeup_ns = NEVER,
		.hold_ns = NEVER,
		.seat = index,
		.from = NONE,
		.next = NONE,
		.reason = REASON_NONE,
	};
	if (seat->last == NONE)
		seat->first = number;
	else
		lock_turn(lock, seat->last)->next = number;
	seat->last = number;
	seat->open = true;
	return turn;
}

static void repair(struct model *model, struct turn *turn)
{
	if (!turn->repaired)
		model_lock(model, model_seat(model, turn->seat)->lock)->repaired++;
	turn->repaired = true;
}

static void end(struct model *model, struct turn *turn, uint64_t time)
{
	struct seat *seat = model_seat(model, turn->seat);
	struct lock *lock = model_lock(model, seat->lock);

	turn->released = later(time, turn->requested);
	seat->open = false;
	if (lock->owner == turn->seat)
		lock->owner = NONE;
}

/*
 * A request that left the queue without the lock. No event says when; guess the
 * time at which the thread came back onto a CPU.
 */
static void give_up(struct model *model, struct turn *turn, uint64_t time)
{
	const struct seat *seat = model_seat(model, turn->seat);
	const struct thread *thread = model_thread(model, seat->thread);

	if (thread->resumed_ns > turn->requested && thread->resumed_ns < time)
		time = thread->resumed_ns;
	end(model, turn, time);
}

/* Close the open turn of a seat that begins a new one, or has ended. */
static void close_turn(struct model *model, uint32_t index, uint64_t time)
{
	struct turn *turn = open_turn(model, model_seat(model, index));

	if (!turn)
		return;
	if (turn->granted == NEVER) {
		give_up(model, turn, time);
		return;
	}
	/* Its release is not in the recording. */
	repair(model, turn);
	end(model, turn, time);
}

void model_leave(struct model *model, uint64_t time, uint32_t thread)
{
	uint32_t index = model_thread(model, thread)->seats;

	while (index != NONE) {
		close_turn(model, index, time);
		index = model_seat(model, index)->next_of_thread;
	}
}

/* @index owns the lock now. If another seat did, its release was lost. */
static void own(struct model *model, uint32_t index, uint64_t time)
{
	struct lock *lock = model_lock(model, model_seat(model, index)->lock);

	if (lock->owner != NONE && lock->owner != index)
		close_turn(model, lock->owner, time);
	lock->owner = index;
}

static void sample(struct lock *lock, uint64_t time, uint32_t count)
{
	struct waiters *last = NULL;

	if (count && lock->waiting_since == NEVER)
		lock->waiting_since = time;
	if (!count)
		lock->waiting_since = NEVER;
	if (lock->waiters.count)
		last = array_at(&lock->waiters, struct waiters,
				lock->waiters.count - 1);
	if (last && last->count == count)
		return;
	if (!last || last->time != time)
		last = array_push(&lock->waiters, sizeof(*last));
	*last = (struct waiters){ .time = time, .count = count };
}

/*
 * A request says how many others wait. The lock's next event shows whether the
 * thread waits too: it does not, if it owns the lock at once.
 */
static void settle(struct lock *lock, uint32_t at_once)
{
	if (lock->pending == NONE)
		return;
	sample(lock, lock->pending_waiters.time,
	       lock->pending_waiters.count + (lock->pending != at_once));
	lock->pending = NONE;
}

/*
 * Did the thread sleep without the lock before this request, whether or not it
 * announced I/O? Such waits make a convoy.
 */
static bool comes_back(struct model *model, uint32_t index)
{
	const struct seat *seat = model_seat(model, index);
	const struct turn *last = last_turn(model, seat);
	const struct thread *thread = model_thread(model, seat->thread);

	if (!last || last->granted == NEVER || last->repaired)
		return false;
	return last->reason == REASON_IO ||
	       (last->reason == REASON_EXPLICIT &&
		thread->blocked_ns > last->released);
}

static void request(struct model *model, const struct gil_event *event,
		    struct lock *lock, uint32_t index)
{
	struct turn *turn;
	bool after_io;

	close_turn(model, index, event->time);
	after_io = comes_back(model, index);
	turn = begin(model, index, event->time);
	turn->after_io = after_io;
	lock->pending = index;
	lock->pending_waiters = (struct waiters){
		.time = event->time,
		.count = event->waiting,
	};
}

/* The turn that has just ended, and whose owner hands the lock over. */
static uint32_t giver(struct model *model, const struct lock *lock,
		      const struct gil_event *event)
{
	uint32_t thread = map_get(&model->by_tid, (uint32_t)event->from_tid);
	uint32_t index = map_get(&model->by_lock, lock->nr);
	const struct seat *seat;

	if (thread == NONE)
		return NONE;
	index = map_get(&model->by_seat, (uint64_t)index << 32 | thread);
	if (index == NONE)
		return NONE;
	seat = model_seat(model, index);
	return seat->open ? NONE : seat->last;
}

static void grant(struct model *model, const struct gil_event *event,
		  struct lock *lock, uint32_t index)
{
	struct turn *turn = open_turn(model, model_seat(model, index));

	own(model, index, event->time);
	sample(lock, event->time, event->waiting);
	if (!turn || turn->granted != NEVER) {
		close_turn(model, index, event->time);
		turn = begin(model, index, before(event->time, event->wait_ns));
		repair(model, turn);
	}
	lock->owner = index;
	turn->granted = later(event->time, turn->requested);
	turn->contended = true;
	turn->wait_ns = event->wait_ns;
	turn->from = giver(model, lock, event);
}

static void acquire(struct model *model, const struct gil_event *event,
		    uint32_t index)
{
	struct turn *turn = open_turn(model, model_seat(model, index));
	uint64_t granted = before(event->time, event->wakeup_ns);

	own(model, index, event->time);
	if (turn && turn->acquired != NEVER) {
		close_turn(model, index, event->time);
		turn = NULL;
	}
	if (!turn) {
		turn = begin(model, index, before(granted, event->wait_ns));
		repair(model, turn);
	}
	model_lock(model, model_seat(model, index)->lock)->owner = index;
	if (turn->granted == NEVER) {
		if (event->contended)
			repair(model, turn);
		turn->granted = later(granted, turn->requested);
	}
	turn->acquired = later(event->time, turn->granted);
	turn->contended |= event->contended;
	if (event->contended && turn->wait_ns == NEVER)
		turn->wait_ns = event->wait_ns;
	if (event->contended)
		turn->wakeup_ns = event->wakeup_ns;
}

/* The turn that this release ends, made if its beginning is missing. */
static struct turn *released_turn(struct model *model,
				  const struct gil_event *event, uint32_t index)
{
	struct seat *seat = model_seat(model, index);
	struct turn *turn = open_turn(model, seat);
	uint64_t granted = before(event->time, event->hold_ns);

	if (!turn) {
		turn = begin(model, index, granted);
		repair(model, turn);
	}
	if (turn->granted == NEVER) {
		repair(model, turn);
		turn->granted = later(granted, turn->requested);
		turn->acquired = turn->granted;
	}
	return turn;
}

static void release(struct model *model, const struct gil_event *event,
		    struct lock *lock, uint32_t index)
{
	struct turn *turn = released_turn(model, event, index);

	sample(lock, event->time, event->waiting);
	turn->hold_ns = event->hold_ns;
	turn->reason = event->reason < REASON_NONE ?
		       (enum reason)event->reason : REASON_NONE;
	end(model, turn, later(event->time, turn->granted));
}

static void drop_request(struct model *model, const struct gil_event *event,
			 struct lock *lock, uint32_t index)
{
	struct seat *seat = model_seat(model, index);
	struct turn *turn = open_turn(model, seat);
	struct drop *drop = array_push(&lock->drops, sizeof(*drop));
	uint64_t since = lock->waiting_since;

	*drop = (struct drop){ .time = event->time, .seat = index };
	seat->drop_requests++;
	if (turn && turn->granted != NEVER)
		turn->asked = event->time;
	/* Measured from when there were both an owner and a waiter. */
	if (!turn || turn->granted == NEVER || turn->repaired ||
	    since == NEVER)
		return;
	*(uint64_t *)array_push(&lock->patience, sizeof(uint64_t)) =
		event->time - later(since, turn->granted);
}

static void mark(struct lock *lock, const struct gil_event *event,
		 enum mark_kind kind, uint32_t seat)
{
	struct mark *place = array_push(&lock->marks, sizeof(*place));

	*place = (struct mark){
		.time = event->time,
		.kind = kind,
		.seat = seat,
		.flags = event->flags,
	};
	if (kind == MARK_POLICY)
		model_wash(place->name, NAME_SIZE, event->name);
}

static void fall_asleep(struct model *model, const struct gil_event *event,
			uint32_t index)
{
	struct seat *seat = model_seat(model, index);

	/* Its request came before the recording. */
	if (!seat->open)
		repair(model, begin(model, index, event->time));
	last_turn(model, seat)->slept = true;
}

/* The release is the next event. */
static void take_for_io(struct model *model, uint32_t index)
{
	struct turn *turn = open_turn(model, model_seat(model, index));

	if (turn)
		turn->taken = true;
}

static void note(struct model *model, const struct gil_event *event,
		 struct lock *lock, uint32_t index)
{
	switch (event->kind) {
	case GIL_WAIT:
		fall_asleep(model, event, index);
		break;
	case GIL_IO_RELEASE:
		take_for_io(model, index);
		break;
	case GIL_TAKE_BACK:
		model_seat(model, index)->io_backs++;
		break;
	case GIL_OWNER_DIED:
		lock->owners_died++;
		mark(lock, event, MARK_DIED, index);
		break;
	case GIL_BIND:
		mark(lock, event, MARK_BOUND, index);
		break;
	case GIL_UNBIND:
		mark(lock, event, MARK_UNBOUND, index);
		break;
	default:
		break;
	}
}

void model_gil(struct model *model, const struct gil_event *event)
{
	uint32_t number, thread, index;
	struct thread *who;
	struct lock *lock = find_lock(model, event->lock, &number);

	model->gil_events++;
	model->counts[event->kind]++;
	model->contended += event->kind == GIL_ACQUIRE && event->contended;
	if (event->kind == GIL_POLICY) {
		model_wash(lock->policy, NAME_SIZE, event->name);
		mark(lock, event, MARK_POLICY, NONE);
		return;
	}
	thread = model_find_thread(model, event->tid);
	who = model_thread(model, thread);
	model_wash(who->name, NAME_SIZE, event->name);
	who->named_by_gil = true;
	index = find_seat(model, number, thread);
	settle(lock, event->kind == GIL_ACQUIRE && !event->contended ? index :
								       NONE);
	switch (event->kind) {
	case GIL_REQUEST:
		request(model, event, lock, index);
		break;
	case GIL_GRANT:
		grant(model, event, lock, index);
		break;
	case GIL_ACQUIRE:
		acquire(model, event, index);
		break;
	case GIL_RELEASE:
		release(model, event, lock, index);
		break;
	case GIL_DROP_REQUEST:
		drop_request(model, event, lock, index);
		break;
	default:
		note(model, event, lock, index);
		break;
	}
}

/* A thread that still waits at the end has not given up. */
void model_finish(struct model *model)
{
	for (size_t i = 0; i < model->locks.count; i++)
		settle(model_lock(model, i), NONE);
	if (model->start == NEVER)
		model->start = model->end;
}
