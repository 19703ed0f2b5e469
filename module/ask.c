// SPDX-License-Identifier: GPL-2.0
/*
 * When an owner is asked to give way, and when a lazy owner's stay ends.
 *
 * Each lock has one timer for both. It is restarted only if it would fire too
 * late; when it fires too early it finds nothing due and sets itself again. So
 * a handoff usually costs no timer operation.
 */
#include <linux/ktime.h>

#include "ask.h"
#include "counts.h"
#include "gil_trace.h"

void gil_unask(struct gil_lock *lock)
{
	lockdep_assert_held(&lock->lock);

	lock->asked = false;
	WRITE_ONCE(lock->page->drop_request, 0);
}

/* A sliced owner is made to give way. Any other sees it in the lock's page. */
void gil_ask(struct gil_lock *lock, u64 now)
{
	struct gil_ctx *owner = lock->owner;

	lock->asked = true;
	lock->ask_at = now + GIL_WAKE_NS;
	WRITE_ONCE(lock->page->drop_request, 1);
	gil_count(owner, drop_requests);
	trace_gil_drop_request(lock, owner, now - owner->w.grant_ns);
	if (owner->bind & GIL_BIND_SLICE)
		owner->binding->ops->notify(owner);
}

/*
 * A sliced owner has to reach user mode before it is asked. Otherwise, with an
 * interval that is shorter than the way there, threads would hand the lock round
 * for ever and none would run. Before it wakes up there is nothing to ask, but
 * it may take only so long. Look at an owner that has been asked again, because
 * it may have begun to exit.
 */
u64 gil_due(const struct gil_lock *lock)
{
	const struct gil_ctx *owner = lock->owner;

	if (!lock->q.waiting)
		return U64_MAX;
	if (!owner)
		return lock->open ? lock->ask_at : U64_MAX;
	if (owner->state == GIL_STATE_LAZY)
		return min(lock->stay_until, lock->ask_at);
	if (gil_is_late(owner))
		return owner->w.grant_ns + gil_wake_patience(lock);
	if (gil_is_sliced(owner) && !lock->asked)
		return max(lock->ask_at, owner->turn_ns + GIL_TURN_MIN_NS);
	return lock->ask_at;
}

void gil_arm(struct gil_lock *lock)
{
	u64 due = gil_due(lock);

	lockdep_assert_held(&lock->lock);

	if (due == U64_MAX)
		return;
	if (lock->timer_armed &&
	    ktime_to_ns(hrtimer_get_expires(&lock->timer)) <= due)
		return;
	lock->timer_armed = true;
	hrtimer_start(&lock->timer, ns_to_ktime(due), HRTIMER_MODE_ABS_HARD);
}

/*
 * When the policy's patience ends. The turn of a sliced owner counts from when
 * it woke up, not from the grant, so the policy sees that time as @grant_ns. A
 * lazy owner that came back has a @grant_ns that is later than @from.
 */
static u64 gil_patience_ends(struct gil_lock *lock, u64 from)
{
	struct gil_ctx *owner = lock->owner;
	u64 grant_ns = owner->w.grant_ns;
	u64 patience;

	if (gil_is_sliced(owner))
		owner->w.grant_ns = max(grant_ns, owner->turn_ns);
	patience = lock->policy->patience(&lock->q,
					  max(from, owner->w.grant_ns));
	owner->w.grant_ns = grant_ns;

	return from + min_t(u64, patience, KTIME_MAX - from);
}

/* From an owner that cannot answer, the timer takes the lock. */
static bool gil_can_answer(const struct gil_ctx *owner)
{
	return owner->state != GIL_STATE_LAZY && !gil_is_late(owner) &&
	       !(gil_is_sliced(owner) && owner->off_cpu);
}

static void gil_ask_at(struct gil_lock *lock, u64 at, u64 now)
{
	lockdep_assert_held(&lock->lock);

	lock->ask_at = at;
	if (gil_due(lock) <= now && gil_can_answer(lock->owner))
		gil_ask(lock, now);
	gil_arm(lock);
}

void gil_ask_sooner(struct gil_lock *lock, u64 now)
{
	u64 at = gil_patience_ends(lock, now);

	if (at < lock->ask_at)
		gil_ask_at(lock, at, now);
}

void gil_ask_later(struct gil_lock *lock, u64 now)
{
	lock->ask_from = now;
	gil_ask_at(lock, gil_patience_ends(lock, now), now);
}

void gil_ask_again(struct gil_lock *lock, u64 now)
{
	if (lock->open && lock->ask_at != U64_MAX) {
		lock->ask_at = min(lock->ask_at, now + gil_wake_patience(lock));
		gil_arm(lock);
	}
	if (!lock->owner || !lock->q.waiting || lock->asked)
		return;
	gil_ask_at(lock, min(gil_patience_ends(lock, lock->ask_from),
			     gil_patience_ends(lock, now)), now);
}
