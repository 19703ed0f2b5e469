// SPDX-License-Identifier: GPL-2.0
/*
 * The lock core.
 *
 * A lock is in one of these states. The word is what user space sees; K is
 * GIL_WORD_KERNEL. lock->owner and lock->abandoned are what the kernel
 * believes; it looks at the word only where K is not set, that is where it
 * has neither.
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
 *    `->|          HELD           |--. grant: to the first in the queue;
 *  claim|          id|K           |<-'        GRANTED until it has run
 *       +-------------------------+
 *          |                    ^
 *          | abandon            | recover: EOWNERDEAD
 *          v                    |
 *       +-------------------------+
 *       |  ABANDONED    0|K       |
 *       +-------------------------+
 *
 *	claim	 gil_claim()	nobody owns it: the caller does
 *	adopt	 gil_pull()	a fast owner becomes the kernel's to know
 *	grant	 gil_grant()	direct handoff: owner before it wakes
 *	free	 gil_let_go()	nobody waits
 *	abandon	 gil_let_go()	nobody waits, and the owner died
 *	recover	 gil_claim()	and say so
 *
 * K is set if and only if there is an owner that the kernel knows of, or the
 * lock is abandoned. Waiters exist only while there is such an owner. Both
 * hold whenever lock->lock is free.
 *
 * To take a decision the kernel first pulls: one unconditional exchange sets
 * K, so that no honest fast path can change the word any more, and the old
 * value says who owns the lock. There is no loop that a program writing to
 * the page could keep going (fetch_or would be one, on x86), and an id in it
 * counts only if it names a live context of this lock. Programs that write
 * nonsense get a lock that does not exclude, among themselves; the state above
 * stays consistent.
 *
 * Ordering: the exchange is fully ordered, so what a fast owner did before its
 * compare-and-swap (release) is seen by who claims after the pull. A free
 * stores the word with release order, for the next fast acquire.
 *
 * An owner that was granted the lock has to claim it, by an acquire or a
 * yield, before it counts as one that runs with the lock: its death before
 * that is nobody's EOWNERDEAD, and it may not release.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "compat.h"
#include "core.h"
#include "gil_trace.h"
#include "policy.h"
#include "stats.h"

/* Count once for the context and once for its lock. */
#define gil_count(ctx, field) \
	gil_count_at(ctx, offsetof(struct gil_counts, field))
#define gil_count_time(ctx, field, ns) \
	gil_count_time_at(ctx, offsetof(struct gil_counts, field), ns)

static void gil_count_at(struct gil_ctx *ctx, size_t offset)
{
	lockdep_assert_held(&ctx->lock->lock);

	++*(u64 *)((void *)&ctx->counts + offset);
	++*(u64 *)((void *)&ctx->lock->counts + offset);
}

static void gil_count_time_at(struct gil_ctx *ctx, size_t offset, u64 ns)
{
	lockdep_assert_held(&ctx->lock->lock);

	gil_times_add((void *)&ctx->counts + offset, ns);
	gil_times_add((void *)&ctx->lock->counts + offset, ns);
}

static atomic_t *gil_word(struct gil_lock *lock)
{
	BUILD_BUG_ON(sizeof(atomic_t) != sizeof(lock->page->word));
	return (atomic_t *)&lock->page->word;
}

u32 gil_owner_id(struct gil_lock *lock)
{
	lockdep_assert_held(&lock->lock);

	if (lock->owner)
		return lock->owner->id;
	if (lock->abandoned)
		return 0;
	return atomic_read(gil_word(lock)) & GIL_WORD_ID_MASK;
}

/* The owner need not give way any more: it did, or nobody waits. */
static void gil_unask(struct gil_lock *lock)
{
	lock->asked = false;
	WRITE_ONCE(lock->page->drop_request, 0);
}

/*
 * Have the owner asked to give way when the policy's patience ends. An armed
 * timer is left alone unless it is too late: it looks at ask_at when it
 * fires, so that a handoff costs no timer operation.
 */
static void gil_ask_later(struct gil_lock *lock, u64 now)
{
	lockdep_assert_held(&lock->lock);

	lock->ask_at = now + lock->policy->patience(lock);
	if (lock->timer_armed &&
	    ktime_to_ns(hrtimer_get_expires(&lock->timer)) <= lock->ask_at)
		return;
	lock->timer_armed = true;
	hrtimer_start(&lock->timer, ns_to_ktime(lock->ask_at),
		      HRTIMER_MODE_ABS_HARD);
}

static enum hrtimer_restart gil_timer(struct hrtimer *timer)
{
	struct gil_lock *lock = container_of(timer, struct gil_lock, timer);
	enum hrtimer_restart again = HRTIMER_NORESTART;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&lock->lock, flags);
	now = ktime_get_ns();
	lock->timer_armed = false;
	if (!lock->waiting || lock->asked)
		goto out;
	if (now < lock->ask_at) {
		hrtimer_set_expires(timer, ns_to_ktime(lock->ask_at));
		lock->timer_armed = true;
		again = HRTIMER_RESTART;
		goto out;
	}
	lock->asked = true;
	WRITE_ONCE(lock->page->drop_request, 1);
	gil_count(lock->owner, drop_requests);
	trace_gil_drop_request(lock, lock->owner, now - lock->owner->grant_ns);
out:
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	return again;
}

/* @ctx is the owner from now on, and K is set. */
static void gil_own(struct gil_ctx *ctx, u32 state, u64 now)
{
	struct gil_lock *lock = ctx->lock;

	lockdep_assert_held(&lock->lock);

	WRITE_ONCE(ctx->state, state);
	ctx->grant_ns = now;
	lock->owner = ctx;
	lock->abandoned = false;
	gil_unask(lock);
	atomic_set(gil_word(lock), ctx->id | GIL_WORD_KERNEL);
}

/*
 * Make the word the kernel's, and learn who owns the lock: adopt. If
 * afterwards there is neither an owner nor an abandoned lock, it is free, and
 * the caller claims it or calls gil_put_back().
 */
static void gil_pull(struct gil_lock *lock)
{
	struct gil_ctx *ctx;
	u32 id;

	lockdep_assert_held(&lock->lock);

	if (lock->owner || lock->abandoned)
		return;

	id = atomic_xchg(gil_word(lock), GIL_WORD_KERNEL) & GIL_WORD_ID_MASK;
	if (!id)
		return;

	/* Not dead under lock->lock: not unlinked, and so not freed, before. */
	rcu_read_lock();
	ctx = xa_load(&lock->ids, id);
	if (ctx && !ctx->dead)
		gil_own(ctx, GIL_STATE_OWNER, ktime_get_ns());
	else
		lock->abandoned = true;
	rcu_read_unlock();
}

/* Undo gil_pull() if the lock turned out to be free. Only after a pull. */
static void gil_put_back(struct gil_lock *lock)
{
	lockdep_assert_held(&lock->lock);

	if (!lock->owner && !lock->abandoned)
		atomic_set_release(gil_word(lock), 0);
}

/* What the owner's return from its request says, once. */
static int gil_tell(struct gil_ctx *ctx)
{
	bool dead = ctx->told_dead;

	ctx->told_dead = false;
	return dead ? -EOWNERDEAD : 0;
}

/* claim, recover: a pulled lock without an owner becomes @ctx's. */
static int gil_claim(struct gil_ctx *ctx)
{
	lockdep_assert_held(&ctx->lock->lock);

	ctx->told_dead = ctx->lock->abandoned;
	gil_own(ctx, GIL_STATE_OWNER, ktime_get_ns());
	gil_count(ctx, slow_acquires);
	trace_gil_acquire(ctx->lock, ctx, false, 0, 0);
	return gil_tell(ctx);
}

static void gil_enqueue(struct gil_ctx *ctx, u64 now)
{
	struct gil_lock *lock = ctx->lock;

	lockdep_assert_held(&lock->lock);

	ctx->state = GIL_STATE_QUEUED;
	ctx->request_ns = now;
	lock->policy->enqueue(lock, ctx);
	lock->waiting++;
	lock->waiting_max = max(lock->waiting_max, lock->waiting);
	if (lock->waiting == 1 && !lock->asked)
		gil_ask_later(lock, now);
}

static void gil_dequeue(struct gil_ctx *ctx)
{
	struct gil_lock *lock = ctx->lock;

	lockdep_assert_held(&lock->lock);

	lock->policy->dequeue(lock, ctx);
	ctx->state = GIL_STATE_IDLE;
	ctx->yielding = false;
	lock->waiting--;
	if (!lock->waiting)
		gil_unask(lock);
}

/*
 * grant: the next in line is the owner, before it wakes. Returns it, or NULL
 * if nobody waits. It is told of an owner that died if @died.
 */
static struct gil_ctx *gil_grant(struct gil_lock *lock, struct gil_ctx *from,
				 bool died, u64 now)
{
	struct gil_ctx *next;

	lockdep_assert_held(&lock->lock);

	next = lock->policy->pick(lock);
	if (!next)
		return NULL;

	lock->waiting--;
	next->told_dead = died;
	gil_own(next, GIL_STATE_GRANTED, now);
	gil_count(next, handoffs);
	gil_count_time(next, wait, now - next->request_ns);
	trace_gil_grant(lock, next, from, now - next->request_ns);
	if (lock->waiting)
		gil_ask_later(lock, now);
	return next;
}

/*
 * The task that the caller must wake with gil_wake() after unlocking, or
 * NULL: one that does not sleep in gil_wait() polls, and is told by irq_work.
 */
static struct task_struct *gil_wakee(struct gil_ctx *ctx)
{
	if (ctx->sleeping)
		return get_task_struct(ctx->task);
	irq_work_queue(&ctx->granted);
	return NULL;
}

static void gil_wake(struct task_struct *task)
{
	if (task) {
		wake_up_process(task);
		put_task_struct(task);
	}
}

/*
 * grant, free, abandon: the owner, granted or held, gives the lock up.
 * Returns what gil_wakee() does.
 */
static struct task_struct *gil_let_go(struct gil_ctx *ctx,
				      enum gil_reason reason, u64 now)
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next;
	bool died;

	lockdep_assert_held(&lock->lock);

	/*
	 * An owner that was granted the lock and never claimed it did no harm
	 * by dying; it hands on what it would have been told.
	 */
	died = ctx->state == GIL_STATE_GRANTED ? ctx->told_dead :
						 reason == GIL_REASON_EXIT;
	if (died && ctx->state == GIL_STATE_OWNER)
		lock->counts.owner_deaths++;

	gil_count(ctx, releases);
	if (reason == GIL_REASON_IO)
		gil_count(ctx, io_releases);
	gil_count_time(ctx, hold, now - ctx->grant_ns);
	trace_gil_release(lock, ctx, reason, now - ctx->grant_ns);

	ctx->state = GIL_STATE_IDLE;
	ctx->yielding = false;
	ctx->told_dead = false;
	lock->owner = NULL;

	next = gil_grant(lock, ctx, died, now);
	if (next)
		return gil_wakee(next);

	gil_unask(lock);
	lock->abandoned = died;
	atomic_set_release(gil_word(lock), died ? GIL_WORD_KERNEL : 0);
	return NULL;
}

/* A granted owner runs with the lock. */
static int gil_take(struct gil_ctx *ctx)
{
	u64 wakeup_ns = ktime_get_ns() - ctx->grant_ns;

	lockdep_assert_held(&ctx->lock->lock);

	ctx->state = GIL_STATE_OWNER;
	ctx->yielding = false;
	gil_count(ctx, slow_acquires);
	gil_count(ctx, contended);
	gil_count_time(ctx, wakeup, wakeup_ns);
	trace_gil_acquire(ctx->lock, ctx, true,
			  ctx->grant_ns - ctx->request_ns, wakeup_ns);
	return gil_tell(ctx);
}

static void gil_count_failure(struct gil_ctx *ctx, int err)
{
	if (err == -ETIMEDOUT)
		gil_count(ctx, timeouts);
	else
		gil_count(ctx, interrupts);
}

/*
 * Sleep until granted. A grant always wins over a signal or the deadline that
 * it raced with; after either of those, leave the queue unless @keep says
 * otherwise, GIL_ACQUIRE_KEEP_*.
 */
static int gil_wait(struct gil_ctx *ctx, ktime_t *deadline, u32 keep)
{
	struct gil_lock *lock = ctx->lock;
	bool expired = false;
	unsigned long flags;
	int ret;

	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (READ_ONCE(ctx->state) != GIL_STATE_QUEUED)
			break;
		ret = expired ? -ETIMEDOUT : -ERESTARTSYS;
		if (expired || signal_pending(current))
			break;
		expired = !schedule_hrtimeout_range(deadline, 0,
						    HRTIMER_MODE_ABS);
	}
	__set_current_state(TASK_RUNNING);

	raw_spin_lock_irqsave(&lock->lock, flags);
	ctx->sleeping = false;
	if (ctx->state == GIL_STATE_GRANTED) {
		ret = gil_take(ctx);
	} else if (!(keep & (ret == -ETIMEDOUT ? GIL_ACQUIRE_KEEP_TIMEOUT :
						 GIL_ACQUIRE_KEEP_INTR))) {
		gil_count_failure(ctx, ret);
		gil_dequeue(ctx);
	}
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	return ret;
}

/*
 * The part of an acquire that does not wait; -EINPROGRESS: in the queue. If
 * the caller goes on to gil_wait(), it is one to be woken from here on.
 */
static int gil_request(struct gil_ctx *ctx, u32 flags, bool sleep)
{
	struct gil_lock *lock = ctx->lock;
	bool try = flags & GIL_ACQUIRE_TRY;

	lockdep_assert_held(&lock->lock);

	switch (ctx->state) {
	case GIL_STATE_OWNER:
		return -EDEADLK;
	case GIL_STATE_GRANTED:
		return gil_take(ctx);
	case GIL_STATE_QUEUED:
		if (try)
			return -EBUSY;
		ctx->sleeping = sleep;
		return -EINPROGRESS;
	}
	if (flags & GIL_ACQUIRE_RESUME)
		return -ENOENT;

	gil_pull(lock);
	if (!lock->owner) {
		trace_gil_request(lock, ctx);
		return gil_claim(ctx);
	}
	if (lock->owner->task == ctx->task)
		return -EDEADLK;
	if (try)
		return -EBUSY;
	trace_gil_request(lock, ctx);
	gil_enqueue(ctx, ktime_get_ns());
	ctx->sleeping = sleep;
	return -EINPROGRESS;
}

int gil_acquire(struct gil_ctx *ctx, u32 flags, u64 deadline_ns)
{
	bool sleep = !(flags & (GIL_ACQUIRE_TRY | GIL_ACQUIRE_ENQUEUE));
	struct gil_lock *lock = ctx->lock;
	unsigned long irqflags;
	ktime_t deadline;
	int ret;

	raw_spin_lock_irqsave(&lock->lock, irqflags);
	ret = gil_request(ctx, flags, sleep);
	raw_spin_unlock_irqrestore(&lock->lock, irqflags);
	if (ret != -EINPROGRESS || !sleep)
		return ret;

	deadline = ns_to_ktime(min_t(u64, deadline_ns, KTIME_MAX));
	return gil_wait(ctx, flags & GIL_ACQUIRE_DEADLINE ? &deadline : NULL,
			flags);
}

int gil_release(struct gil_ctx *ctx, enum gil_reason reason)
{
	struct task_struct *wakee = NULL;
	struct gil_lock *lock = ctx->lock;
	unsigned long flags;
	int ret = 0;

	raw_spin_lock_irqsave(&lock->lock, flags);
	gil_pull(lock);
	if (lock->owner == ctx && ctx->state == GIL_STATE_OWNER) {
		wakee = gil_let_go(ctx, reason, ktime_get_ns());
	} else {
		gil_put_back(lock);
		ret = -EPERM;
	}
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	gil_wake(wakee);
	return ret;
}

/*
 * The part of a yield that does not wait: -EINPROGRESS: in the queue, with
 * the lock handed to *wakee or to one who polls.
 */
static int gil_give_way(struct gil_ctx *ctx, struct task_struct **wakee)
{
	struct gil_lock *lock = ctx->lock;
	u64 now = ktime_get_ns();

	lockdep_assert_held(&lock->lock);

	if (ctx->state == GIL_STATE_GRANTED)
		return gil_take(ctx);
	if (ctx->yielding) {
		ctx->sleeping = true;
		return -EINPROGRESS;
	}
	if (!lock->waiting) {
		if (gil_owner_id(lock) != ctx->id)
			return -EPERM;
		gil_unask(lock);
		return 0;
	}
	if (lock->owner != ctx)
		return -EPERM;

	gil_count(ctx, yields);
	if (lock->asked)
		gil_count(ctx, forced_switches);
	*wakee = gil_let_go(ctx, GIL_REASON_YIELD, now);
	trace_gil_request(lock, ctx);
	gil_enqueue(ctx, now);
	ctx->yielding = true;
	ctx->sleeping = true;
	return -EINPROGRESS;
}

int gil_yield(struct gil_ctx *ctx)
{
	struct task_struct *wakee = NULL;
	struct gil_lock *lock = ctx->lock;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&lock->lock, flags);
	ret = gil_give_way(ctx, &wakee);
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	gil_wake(wakee);

	return ret == -EINPROGRESS ? gil_wait(ctx, NULL, GIL_ACQUIRE_KEEP) :
				       ret;
}

int gil_cancel(struct gil_ctx *ctx)
{
	struct task_struct *wakee = NULL;
	struct gil_lock *lock = ctx->lock;
	unsigned long flags;
	int ret = 0;

	raw_spin_lock_irqsave(&lock->lock, flags);
	if (ctx->state == GIL_STATE_QUEUED) {
		gil_count(ctx, cancels);
		gil_dequeue(ctx);
	} else if (ctx->state == GIL_STATE_GRANTED) {
		gil_count(ctx, cancels);
		wakee = gil_let_go(ctx, GIL_REASON_CANCEL, ktime_get_ns());
	} else {
		ret = -ENOENT;
	}
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	gil_wake(wakee);
	return ret;
}

bool gil_kill(struct gil_ctx *ctx)
{
	struct task_struct *wakee = NULL;
	struct gil_lock *lock = ctx->lock;
	unsigned long flags;
	bool first;

	raw_spin_lock_irqsave(&lock->lock, flags);
	first = !ctx->dead;
	if (!first)
		goto out;
	if (ctx->state == GIL_STATE_QUEUED)
		gil_dequeue(ctx);
	/* A fast owner, by its word alone, is one whose death counts too. */
	if (gil_owner_id(lock) == ctx->id) {
		gil_pull(lock);
		gil_put_back(lock);
	}
	if (lock->owner == ctx)
		wakee = gil_let_go(ctx, GIL_REASON_EXIT, ktime_get_ns());
	WRITE_ONCE(ctx->dead, true);
out:
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	gil_wake(wakee);
	return first;
}

bool gil_is_granted(struct gil_ctx *ctx)
{
	unsigned long flags;
	bool granted;

	raw_spin_lock_irqsave(&ctx->lock->lock, flags);
	granted = ctx->state == GIL_STATE_GRANTED;
	raw_spin_unlock_irqrestore(&ctx->lock->lock, flags);
	return granted;
}

void gil_add_fast(struct gil_ctx *ctx, u64 acquires, u64 io_releases)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ctx->lock->lock, flags);
	ctx->counts.fast_acquires += acquires;
	ctx->counts.io_releases += io_releases;
	raw_spin_unlock_irqrestore(&ctx->lock->lock, flags);
}

u64 gil_get_interval(struct gil_lock *lock)
{
	unsigned long flags;
	u64 interval_ns;

	raw_spin_lock_irqsave(&lock->lock, flags);
	interval_ns = lock->interval_ns;
	raw_spin_unlock_irqrestore(&lock->lock, flags);
	return interval_ns;
}

void gil_set_interval(struct gil_lock *lock, u64 interval_ns)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lock->lock, flags);
	lock->interval_ns = interval_ns;
	WRITE_ONCE(lock->page->interval_ns, interval_ns);
	if (lock->waiting && !lock->asked)
		gil_ask_later(lock, ktime_get_ns());
	raw_spin_unlock_irqrestore(&lock->lock, flags);
}

struct gil_lock *gil_lock_create(u32 nr, const struct gil_policy_ops *policy,
				 u64 interval_ns)
{
	struct gil_lock *lock;

	BUILD_BUG_ON(sizeof(struct gil_page) > PAGE_SIZE);

	lock = kzalloc(sizeof(*lock), GFP_KERNEL_ACCOUNT);
	if (!lock)
		return ERR_PTR(-ENOMEM);
	lock->page = (void *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!lock->page) {
		kfree(lock);
		return ERR_PTR(-ENOMEM);
	}

	lock->nr = nr;
	lock->page->version = GIL_UAPI_VERSION;
	lock->page->interval_ns = interval_ns;
	lock->interval_ns = interval_ns;
	lock->policy = policy;
	kref_init(&lock->ref);
	INIT_LIST_HEAD(&lock->locks_node);
	mutex_init(&lock->attach);
	xa_init_flags(&lock->ids, XA_FLAGS_ALLOC1);
	raw_spin_lock_init(&lock->lock);
	INIT_LIST_HEAD(&lock->queue);
	hrtimer_setup(&lock->timer, gil_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
	return lock;
}

static void gil_lock_free(struct kref *ref)
{
	struct gil_lock *lock = container_of(ref, struct gil_lock, ref);

	hrtimer_cancel(&lock->timer);
	xa_destroy(&lock->ids);
	free_page((unsigned long)lock->page);
	kfree_rcu(lock, rcu);
}

void gil_lock_get(struct gil_lock *lock)
{
	kref_get(&lock->ref);
}

void gil_lock_put(struct gil_lock *lock)
{
	kref_put(&lock->ref, gil_lock_free);
}
