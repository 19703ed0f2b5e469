// SPDX-License-Identifier: GPL-2.0
/*
 * The states of a lock, all moves between them, and what the timer does.
 *
 * A lock is in one of these states. User space sees the word; K is
 * GIL_WORD_KERNEL. lock->owner, lock->abandoned and lock->open are what the
 * kernel knows. It reads the word only if K is not set, because then it knows
 * none of the three.
 *
 *             fast acquire                        user space,
 *          .--------------->.                     compare-and-swap
 *   +------+                +------+
 *   | FREE |                | FAST |
 *   |  0   |<---------------|  id  |
 *   +------+  fast release  +------+
 *    |    ^                    |
 *    |    |                    | adopt            - - - - - - - - - -
 *    |    | free               |                  the kernel,
 *    |    |                    v                  under lock->lock
 *    |  +-------------------------+
 *    `->|          HELD           |--. grant: to the policy's next;
 *  claim|          id|K           |<-'        GRANTED until it runs
 *       |    stay     return      |
 *       |  OWNER---->LAZY---->OWNER
 *       +-------------------------+
 *        |       ^       |       ^
 * abandon|       |recover|call,  |barge:
 *        v       |       v revoke|the first to come
 *       +-----------+   +-----------+
 *       | ABANDONED |   |   OPEN    |   a lock can be both
 *       |    0|K    |   |    0|K    |
 *       +-----------+   +-----------+
 *
 *	claim	 gil_claim()	nobody owns the lock, so the caller does
 *	adopt	 gil_pull()	the kernel learns of a fast owner
 *	grant	 gil_grant_to()	direct handoff: the next owner still sleeps
 *	free	 gil_pass_on()	nobody waits
 *	abandon	 gil_pass_on()	nobody waits, and the owner died
 *	recover	 gil_claim()	as claim, with EOWNERDEAD
 *	call	 gil_call()	a barging policy wakes a waiter, but nobody owns
 *	revoke	 gil_revoke()	the next owner does not come, so others are called
 *	barge	 gil_answer(), gil_claim()
 *	stay	 gil_stay()	a lazy release: still the owner for a moment
 *	return	 gil_return()	the lazy owner acquires in time
 *
 * These hold whenever lock->lock is free:
 *  - K is set if and only if the kernel knows an owner, or the lock is abandoned
 *    or open.
 *  - There are waiters only while the kernel knows an owner or the lock is open.
 *  - If the lock is open, at least one waiter has been called and has not
 *    answered yet.
 *  - Each waiter is in the policy's queue or in lock->moving, or has been called.
 * A thread whose grant was revoked is absent: it does not count as a waiter.
 *
 * Before each decision the kernel pulls: one unconditional exchange sets K, so
 * that no honest fast path can change the word, and the old value says who owns
 * the lock. A program that writes to the page cannot keep an exchange from
 * ending, as it could a compare-and-swap loop (which fetch_or is on x86). An id
 * in the word counts only if it names a live context of this lock. Programs that
 * write nonsense do not exclude each other, but the state above stays
 * consistent.
 *
 * Ordering: the exchange is fully ordered, so a thread that claims after the
 * pull sees what a fast owner did before its compare-and-swap (release). A free
 * stores the word with release order for the next fast acquire.
 *
 * An owner that was granted the lock has to claim it, by an acquire or a yield,
 * before it counts as running with the lock. If it dies before that, nobody
 * gets EOWNERDEAD, and it may not release. The same holds for a lazy owner,
 * which has already released.
 */
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/sched/task.h>

#include "ask.h"
#include "compat.h"
#include "core.h"
#include "counts.h"
#include "gil_trace.h"

static atomic_t *gil_word(struct gil_lock *lock)
{
	BUILD_BUG_ON(sizeof(atomic_t) != sizeof(lock->page->word));
	return (atomic_t *)&lock->page->word;
}

u32 gil_owner_id(struct gil_lock *lock)
{
	lockdep_assert_held(&lock->lock);

	if (lock->owner)
		return lock->owner->w.id;
	if (lock->abandoned || lock->open)
		return 0;
	return atomic_read(gil_word(lock)) & GIL_WORD_ID_MASK;
}

static void gil_set_owner(struct gil_lock *lock, struct gil_ctx *ctx)
{
	lock->owner = ctx;
	lock->q.owner = ctx ? &ctx->w : NULL;
}

void gil_reset_key(struct gil_ctx *ctx)
{
	if (ctx->policy_nr != ctx->lock->policy_nr) {
		ctx->policy_nr = ctx->lock->policy_nr;
		ctx->w.key = 0;
	}
}

/* Any state -> HELD(@ctx) */
static void gil_own(struct gil_ctx *ctx, u32 state, u64 now)
{
	struct gil_lock *lock = ctx->lock;

	lockdep_assert_held(&lock->lock);

	gil_reset_key(ctx);
	ctx->w.grant_ns = now;
	gil_set_owner(lock, ctx);
	lock->abandoned = false;
	lock->open = false;
	gil_unask(lock);
	atomic_set(gil_word(lock), ctx->w.id | GIL_WORD_KERNEL);
	ctx->wants = ctx->bind;
	if (state == GIL_STATE_OWNER)
		ctx->turn_ns = now;
	/* Last, because gil_sleep() and gil_is_away() read it unlocked. */
	WRITE_ONCE(ctx->state, state);
}

/* As above, for a context that did not wait: tell the policy of it first. */
static void gil_own_at_once(struct gil_ctx *ctx, u64 now)
{
	struct gil_lock *lock = ctx->lock;

	gil_reset_key(ctx);
	if (lock->policy->claimed)
		lock->policy->claimed(&lock->q, &ctx->w);
	gil_own(ctx, GIL_STATE_OWNER, now);
}

/*
 * FAST -> HELD(fast owner), or ABANDONED if the word names no live context
 * FREE -> FREE with K set, for gil_claim() or gil_put_back()
 */
void gil_pull(struct gil_lock *lock)
{
	struct gil_ctx *ctx;
	u32 id;

	lockdep_assert_held(&lock->lock);

	if (lock->owner || lock->abandoned || lock->open)
		return;

	id = atomic_xchg(gil_word(lock), GIL_WORD_KERNEL) & GIL_WORD_ID_MASK;
	if (!id)
		return;

	/* A context that is not dead stays linked while lock->lock is held. */
	rcu_read_lock();
	ctx = xa_load(&lock->ids, id);
	if (ctx && !ctx->dead)
		gil_own_at_once(ctx, ktime_get_ns());
	else
		lock->abandoned = true;
	rcu_read_unlock();
}

/* FREE with K set -> FREE */
void gil_put_back(struct gil_lock *lock)
{
	lockdep_assert_held(&lock->lock);

	if (!lock->owner && !lock->abandoned && !lock->open)
		atomic_set_release(gil_word(lock), 0);
}

/* FAST(@ctx) -> FREE */
bool gil_drop_fast(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;
	u32 id = ctx->w.id;

	lockdep_assert_held(&lock->lock);

	return !lock->owner && !lock->abandoned && !lock->open &&
	       atomic_cmpxchg_release(gil_word(lock), id, 0) == id;
}

/* The result of the owner's request; EOWNERDEAD is reported once. */
static int gil_tell(struct gil_ctx *ctx)
{
	bool dead = ctx->told_dead;

	ctx->told_dead = false;
	return dead ? -EOWNERDEAD : 0;
}

/* FREE with K set, ABANDONED or OPEN -> HELD(@ctx) */
int gil_claim(struct gil_ctx *ctx)
{
	u64 now = ktime_get_ns();

	lockdep_assert_held(&ctx->lock->lock);

	ctx->told_dead = ctx->lock->abandoned;
	gil_own_at_once(ctx, now);
	gil_count(ctx, slow_acquires);
	trace_gil_acquire(ctx->lock, ctx, false, 0, 0);
	if (ctx->lock->q.waiting)
		gil_ask_later(ctx->lock, now);
	return gil_tell(ctx);
}

/*
 * How long the context has held the lock. A clock reading from before the grant
 * must count as 0; as an unsigned difference it would be about 2^64 ns.
 */
static u64 gil_held_ns(const struct gil_ctx *ctx, u64 now)
{
	u64 grant_ns = ctx->w.grant_ns;

	return now > grant_ns ? now - grant_ns : 0;
}

/*
 * Charge the last owner for the time that the lock stayed put. Otherwise a
 * thread that releases and returns repeatedly could shut everybody out almost
 * for free.
 */
static void gil_end_stay(struct gil_ctx *ctx, u64 now)
{
	struct gil_lock *lock = ctx->lock;

	lockdep_assert_held(&lock->lock);

	if (ctx->state == GIL_STATE_LAZY && lock->policy->released)
		lock->policy->released(&lock->q, &ctx->w,
				       gil_held_ns(ctx, now));
}

/* HELD(@ctx, LAZY) -> HELD(@ctx, OWNER) */
void gil_return(struct gil_ctx *ctx, u64 now)
{
	u64 turn_ns = ctx->turn_ns;

	lockdep_assert_held(&ctx->lock->lock);

	gil_end_stay(ctx, now);
	gil_own(ctx, GIL_STATE_OWNER, now);
	/* The turn goes on as if the lock had not been released. */
	ctx->turn_ns = turn_ns;
	gil_count(ctx, slow_acquires);
	gil_count(ctx, lazy_returns);
	trace_gil_request(ctx->lock, ctx);
	trace_gil_acquire(ctx->lock, ctx, false, 0, 0);
	/* lock->ask_at stays what it was. */
	gil_arm(ctx->lock);
}

/*
 * How waiters change from one policy to another
 *
 * gil_lock_set_policy() does this in short steps, because there may be tens of
 * thousands of waiters and interrupts are off during each step. Other threads
 * use the lock between two steps. A change has two parts:
 *
 *	gather	The old policy picks waiters, which go to the end of
 *		lock->moving. New waiters go to the old policy. gil_pick() takes
 *		from lock->moving first.
 *	spread	The lock has the new policy, which gets the waiters from the
 *		front of lock->moving. New waiters go to the end of lock->moving
 *		until it is empty. gil_pick() asks the policy first.
 *
 * So at each moment the waiters are in the order in which the old policy would
 * have served them, and a thread that comes meanwhile is behind them.
 *
 * Each new waiter also moves two others on. So however many threads come, the
 * number that has yet to be moved falls all the time, and a change ends.
 */
bool gil_move_waiters(struct gil_lock *lock, unsigned int n, u64 now)
{
	struct gil_waiter *w;
	struct gil_ctx *ctx;

	lockdep_assert_held(&lock->lock);

	while (n--) {
		w = lock->gathering ? lock->policy->pick(&lock->q, now) :
				      gil_queue_pop(&lock->moving);
		if (!w)
			return false;
		ctx = container_of(w, struct gil_ctx, w);
		ctx->moving = lock->gathering;
		if (lock->gathering) {
			list_add_tail(&w->node, &lock->moving);
		} else {
			gil_reset_key(ctx);
			lock->policy->enqueue(&lock->q, w, now);
		}
	}
	return true;
}

void gil_ctx_enqueue(struct gil_ctx *ctx, u64 now, bool yielded)
{
	struct gil_lock *lock = ctx->lock;

	lockdep_assert_held(&lock->lock);

	if (lock->gathering || !list_empty(&lock->moving))
		gil_move_waiters(lock, 2, now);
	gil_reset_key(ctx);
	ctx->state = GIL_STATE_QUEUED;
	ctx->w.request_ns = now;
	ctx->w.yielded = yielded;
	ctx->moving = !lock->gathering && !list_empty(&lock->moving);
	if (ctx->moving)
		list_add_tail(&ctx->w.node, &lock->moving);
	else
		lock->policy->enqueue(&lock->q, &ctx->w, now);
	lock->q.waiting++;
	lock->waiting_max = max(lock->waiting_max, lock->q.waiting);
	if (lock->open && lock->ask_at == U64_MAX) {
		/* Those that have been called may have no CPU. */
		lock->ask_at = now + gil_wake_patience(lock);
		gil_arm(lock);
	}
	if (!lock->owner || lock->asked)
		return;
	if (lock->q.waiting == 1)
		gil_ask_later(lock, now);
	else
		gil_ask_sooner(lock, now);
}

static struct gil_ctx *gil_pick(struct gil_lock *lock, u64 now)
{
	struct gil_waiter *w = NULL;
	struct gil_ctx *ctx;

	if (!lock->gathering)
		w = lock->policy->pick(&lock->q, now);
	if (!w)
		w = gil_queue_pop(&lock->moving);
	if (!w && lock->gathering)
		w = lock->policy->pick(&lock->q, now);
	if (!w)
		return NULL;
	ctx = container_of(w, struct gil_ctx, w);
	ctx->moving = false;
	return ctx;
}

/*
 * HELD(@from) or OPEN -> HELD(@next, GRANTED)
 *
 * If @died, @next gets EOWNERDEAD.
 */
static void gil_grant_to(struct gil_ctx *next, struct gil_ctx *from, bool died,
			 u64 now)
{
	struct gil_lock *lock = next->lock;
	u64 wait_ns = now - next->w.request_ns;

	lockdep_assert_held(&lock->lock);

	lock->q.waiting--;
	next->told_dead = died;
	gil_own(next, GIL_STATE_GRANTED, now);
	gil_count(next, handoffs);
	gil_count_time(next, wait, wait_ns);
	trace_gil_grant(lock, next, from, wait_ns);
	if (lock->q.waiting)
		gil_ask_later(lock, now);
}

/*
 * HELD(@from) or OPEN -> OPEN if somebody waits, and otherwise ABANDONED or FREE
 *
 * The first to come takes an open lock. Returns the waiter to wake, if no other
 * called waiter is on its way. A waiter that polls cannot come by itself, so it
 * is granted the lock: -> HELD(waiter, GRANTED)
 */
static struct gil_ctx *gil_call(struct gil_lock *lock, struct gil_ctx *from,
				u64 now)
{
	struct gil_ctx *next = gil_pick(lock, now);

	lockdep_assert_held(&lock->lock);

	if (next && !next->sleeping) {
		gil_grant_to(next, from, lock->abandoned, now);
		return next;
	}
	if (next) {
		next->called = true;
		list_add_tail(&next->w.node, &lock->called);
	}
	lock->open = lock->q.waiting;
	lock->ask_at = next ? now + gil_wake_patience(lock) : U64_MAX;
	gil_arm(lock);
	if (!lock->open && !lock->abandoned)
		atomic_set_release(gil_word(lock), 0);
	return next;
}

/* The context is no longer in the queue, or among those that were called. */
static void gil_count_out(struct gil_ctx *ctx)
{
	if (ctx->absent) {
		ctx->lock->absent--;
	} else {
		ctx->lock->q.waiting--;
		if (ctx->called)
			list_del(&ctx->w.node);
	}
	ctx->called = false;
	ctx->absent = false;
}

/*
 * Those that have been called for as long as they may take are absent: they have
 * no CPU. A few at a time, because interrupts are off.
 */
static void gil_drop_late(struct gil_lock *lock)
{
	struct gil_waiter *w;
	int n = 64;

	while (n-- && (w = gil_queue_pop(&lock->called))) {
		container_of(w, struct gil_ctx, w)->absent = true;
		lock->absent++;
		lock->q.waiting--;
	}
}

/*
 * OPEN -> as gil_call(), if @ctx had been called
 * HELD(owner, LAZY) -> as gil_pass_on(), if nobody else waits
 */
struct gil_ctx *gil_ctx_dequeue(struct gil_ctx *ctx, u64 now)
{
	struct gil_lock *lock = ctx->lock;
	bool called = ctx->called;

	lockdep_assert_held(&lock->lock);

	if (ctx->moving)
		list_del(&ctx->w.node);
	else if (!called)
		lock->policy->dequeue(&lock->q, &ctx->w);
	ctx->moving = false;
	ctx->state = GIL_STATE_IDLE;
	gil_count_out(ctx);
	if (lock->open && called)
		return gil_call(lock, ctx, now);
	if (lock->q.waiting)
		return NULL;
	gil_unask(lock);
	if (lock->owner && lock->owner->state == GIL_STATE_LAZY)
		return gil_pass_on(lock->owner, false, now);
	return NULL;
}

/*
 * OPEN, or any other state if @ctx was absent, -> HELD(@ctx); HELD(another)
 * stays, with @ctx in the queue again
 */
bool gil_answer(struct gil_ctx *ctx, int *told)
{
	struct gil_lock *lock = ctx->lock;
	u64 now = ktime_get_ns();
	u64 request_ns = ctx->w.request_ns;

	lockdep_assert_held(&lock->lock);

	gil_count_out(ctx);
	gil_pull(lock);
	if (lock->owner) {
		gil_ctx_enqueue(ctx, now, ctx->w.yielded);
		ctx->w.request_ns = request_ns;
		return false;
	}
	gil_count(ctx, contended);
	gil_count_time(ctx, wait, now - request_ns);
	ctx->told_dead = lock->abandoned;
	gil_own(ctx, GIL_STATE_OWNER, now);
	gil_count(ctx, slow_acquires);
	trace_gil_acquire(lock, ctx, true, now - request_ns, 0);
	if (lock->q.waiting)
		gil_ask_later(lock, now);
	*told = gil_tell(ctx);
	return true;
}

/*
 * Where the next owner runs: on this CPU, if the thread that lets go is about to
 * sleep and nothing else wants the CPU. Then no other CPU has to be interrupted
 * or woken from idle. Otherwise the scheduler decides.
 */
static void gil_wake(struct task_struct *task, bool sleeps)
{
	if (!task)
		return;
	if (sleeps && single_task_running())
		gil_wake_up_here(task);
	else
		wake_up_process(task);
	put_task_struct(task);
}

void gil_unlock_and_wake(struct gil_lock *lock, struct gil_ctx *next,
			 unsigned long flags, bool sleeps)
	__releases(&lock->lock)
{
	struct task_struct *task = NULL;

	if (next && next->sleeping)
		task = get_task_struct(next->w.task);
	else if (next)
		irq_work_queue(&next->granted);
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	gil_wake(task, sleeps);
}

void gil_granted(struct irq_work *work)
{
	struct gil_ctx *ctx = container_of(work, struct gil_ctx, granted);
	struct task_struct *task = NULL;
	unsigned long flags;

	raw_spin_lock_irqsave(&ctx->lock->lock, flags);
	if (ctx->sleeping)
		task = get_task_struct(ctx->w.task);
	raw_spin_unlock_irqrestore(&ctx->lock->lock, flags);
	gil_wake(task, false);
	/* Wake exclusive pollers too: only one thread can use the grant. */
	__wake_up(&ctx->file->pollers, TASK_NORMAL, 0,
		  poll_to_key(EPOLLIN | EPOLLRDNORM));
}

void gil_end_hold(struct gil_ctx *ctx, enum gil_reason reason, u64 now)
{
	struct gil_lock *lock = ctx->lock;
	u64 held_ns = gil_held_ns(ctx, now);

	lockdep_assert_held(&lock->lock);

	gil_count(ctx, releases);
	if (reason == GIL_REASON_IO)
		gil_count(ctx, io_releases);
	gil_count_time(ctx, hold, held_ns);
	trace_gil_release(lock, ctx, reason, held_ns);
	if (lock->policy->released)
		lock->policy->released(&lock->q, &ctx->w, held_ns);
	ctx->io = reason == GIL_REASON_IO;
	ctx->state = GIL_STATE_IDLE;
	ctx->told_dead = false;
}

/* HELD(@ctx, OWNER) -> HELD(@ctx, LAZY) */
void gil_stay(struct gil_ctx *ctx, u64 now, u64 stay_ns)
{
	struct gil_lock *lock = ctx->lock;

	lockdep_assert_held(&lock->lock);

	ctx->state = GIL_STATE_LAZY;
	ctx->w.grant_ns = now;
	gil_count(ctx, lazy_releases);
	lock->stay_until = now + stay_ns;
	gil_arm(lock);
}

/* HELD(@ctx) -> HELD(next), FREE, ABANDONED or OPEN */
struct gil_ctx *gil_pass_on(struct gil_ctx *ctx, bool died, u64 now)
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next;

	lockdep_assert_held(&lock->lock);

	gil_end_stay(ctx, now);
	/* Not in gil_end_hold(): a lazy owner back in time was not away. */
	ctx->w.io = ctx->io;
	ctx->giving = false;
	ctx->state = GIL_STATE_IDLE;
	gil_set_owner(lock, NULL);
	gil_unask(lock);
	if (lock->policy->barging) {
		lock->abandoned = died;
		atomic_set(gil_word(lock), GIL_WORD_KERNEL);
		return gil_call(lock, ctx, now);
	}

	next = gil_pick(lock, now);
	if (next) {
		gil_grant_to(next, ctx, died, now);
		return next;
	}
	lock->abandoned = died;
	/* Waiters that a previous, barging policy called have yet to come. */
	lock->open = lock->q.waiting;
	lock->ask_at = U64_MAX;
	atomic_set_release(gil_word(lock),
			   died || lock->open ? GIL_WORD_KERNEL : 0);
	return NULL;
}

bool gil_is_killed(const struct task_struct *task)
{
	if (task->flags & PF_EXITING && task->exit_code & 0x7f)
		return true;
	/* A thread that dumps core has not reached do_exit() yet. */
	return task->flags & PF_SIGNALED &&
	       READ_ONCE(task->signal->group_exit_code) & 0x7f;
}

/*
 * Does the owner's end count as a death? A bound thread that ends by itself is
 * the owner until the end, because it cannot release the lock before.
 */
static bool gil_is_death(const struct gil_ctx *ctx)
{
	return !ctx->bind || gil_is_killed(ctx->w.task);
}

/* HELD(@ctx) -> as gil_pass_on() */
struct gil_ctx *gil_let_go(struct gil_ctx *ctx, enum gil_reason reason,
			   u64 now)
{
	bool died = false;

	lockdep_assert_held(&ctx->lock->lock);

	if (ctx->state == GIL_STATE_GRANTED) {
		/* It never claimed the lock. The next gets its EOWNERDEAD. */
		died = ctx->told_dead;
	} else if (ctx->state == GIL_STATE_OWNER &&
		   reason == GIL_REASON_EXIT && gil_is_death(ctx)) {
		died = true;
		ctx->lock->counts.owner_deaths++;
		trace_gil_owner_died(ctx->lock, ctx);
	}
	if (ctx->state != GIL_STATE_LAZY)
		gil_end_hold(ctx, reason, now);
	return gil_pass_on(ctx, died, now);
}

/* HELD(@ctx, GRANTED) -> HELD(@ctx, OWNER) */
int gil_take(struct gil_ctx *ctx)
{
	u64 wakeup_ns = ktime_get_ns() - ctx->w.grant_ns;

	lockdep_assert_held(&ctx->lock->lock);

	WRITE_ONCE(ctx->state, GIL_STATE_OWNER);
	gil_count(ctx, slow_acquires);
	gil_count(ctx, contended);
	gil_count_time(ctx, wakeup, wakeup_ns);
	trace_gil_acquire(ctx->lock, ctx, true,
			  ctx->w.grant_ns - ctx->w.request_ns, wakeup_ns);
	ctx->turn_ns = ctx->w.grant_ns + wakeup_ns;
	/* Do not ask a sliced owner to give way before its turn has begun. */
	if (ctx->bind & GIL_BIND_SLICE && ctx->lock->q.waiting)
		gil_ask_later(ctx->lock, ctx->turn_ns);
	return gil_tell(ctx);
}

/*
 * HELD(@ctx, GRANTED) -> OPEN or HELD(next)
 *
 * The next owner has been woken and does not come, because it has no CPU. Take
 * the grant back. The thread is called, so that it gets the lock if it is the
 * first to come. Until then it does not count as waiting, because no owner need
 * give way to a thread that cannot run.
 */
static struct gil_ctx *gil_revoke(struct gil_ctx *ctx, u64 now)
{
	struct gil_lock *lock = ctx->lock;
	bool died = ctx->told_dead;

	lockdep_assert_held(&lock->lock);

	gil_count(ctx, forced_switches);
	/* The thread did not run, so its policy must not charge it for a hold. */
	ctx->w.grant_ns = now;
	gil_end_hold(ctx, GIL_REASON_INTERVAL, now);
	gil_set_owner(lock, NULL);
	gil_unask(lock);
	lock->abandoned = died;
	atomic_set(gil_word(lock), GIL_WORD_KERNEL);

	trace_gil_request(lock, ctx);
	trace_gil_wait(lock, ctx);
	ctx->w.request_ns = now;
	ctx->w.yielded = false;
	ctx->called = true;
	ctx->absent = true;
	lock->absent++;
	/* gil_is_granted_or_called() must not see the state without the call. */
	smp_store_release(&ctx->state, GIL_STATE_QUEUED);
	return gil_call(lock, ctx, now);
}

/* HELD(@owner, OWNER) -> as gil_pass_on(), or no move */
struct gil_ctx *gil_take_away(struct gil_ctx *owner, u64 now)
{
	const struct task_struct *task = owner->w.task;

	lockdep_assert_held(&owner->lock->lock);

	/* Once its memory is about to go, its exit code says how it ended. */
	if (READ_ONCE(task->flags) & PF_EXITING && !READ_ONCE(task->mm))
		return gil_let_go(owner, GIL_REASON_EXIT, now);
	if (!owner->off_cpu || !(owner->giving || gil_is_sliced(owner)))
		return NULL;
	if (owner->giving)
		gil_count(owner, yields);
	if (owner->lock->asked)
		gil_count(owner, forced_switches);
	return gil_let_go(owner, owner->giving ? GIL_REASON_YIELD :
						 GIL_REASON_INTERVAL, now);
}

/* Do what is due. Returns the context to wake, or NULL. */
static struct gil_ctx *gil_do_due(struct gil_lock *lock, u64 now)
{
	struct gil_ctx *owner = lock->owner;

	if (now < gil_due(lock))
		return NULL;
	if (!owner) {
		gil_drop_late(lock);
		return gil_call(lock, NULL, now);
	}
	if (owner->state == GIL_STATE_LAZY)
		return gil_pass_on(owner, false, now);
	if (gil_is_late(owner))
		return gil_revoke(owner, now);
	if (lock->asked)
		lock->ask_at = now + GIL_WAKE_NS;
	else
		gil_ask(lock, now);
	return gil_take_away(owner, now);
}

enum hrtimer_restart gil_timer(struct hrtimer *timer)
{
	struct gil_lock *lock = container_of(timer, struct gil_lock, timer);
	struct gil_ctx *next;
	unsigned long flags;
	u64 due;

	raw_spin_lock_irqsave(&lock->lock, flags);
	/* @timer_armed is still true, so gil_arm() does not restart it here. */
	next = gil_do_due(lock, ktime_get_ns());
	/* gil_arm() may have restarted it before this function had the lock. */
	due = hrtimer_is_queued(timer) ? U64_MAX : gil_due(lock);
	if (due != U64_MAX)
		hrtimer_set_expires(timer, ns_to_ktime(due));
	lock->timer_armed = due != U64_MAX || hrtimer_is_queued(timer);
	gil_unlock_and_wake(lock, next, flags, false);
	return due == U64_MAX ? HRTIMER_NORESTART : HRTIMER_RESTART;
}
