/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The moves between a lock's states, which core.c draws. The caller holds
 * lock->lock except where this file says otherwise. A function that returns a
 * context returns the one to wake, or NULL.
 */
#ifndef GIL_CORE_H
#define GIL_CORE_H

#include "objects.h"

/* The owner's id as far as the kernel can know, or 0. */
u32 gil_owner_id(struct gil_lock *lock);

/*
 * adopt: set K in the word, and learn who owns the lock. If the lock is free
 * afterwards (it has no owner and is neither abandoned nor open), the caller
 * claims it or calls gil_put_back().
 */
void gil_pull(struct gil_lock *lock);

/* After a gil_pull(): undo it if the lock turned out to be free. */
void gil_put_back(struct gil_lock *lock);

/* Release a lock that the thread owns by the fast path only: true if it did. */
bool gil_drop_fast(struct gil_ctx *ctx);

/* claim, recover: take a pulled lock without an owner. 0 or -EOWNERDEAD. */
int gil_claim(struct gil_ctx *ctx);

/* A granted owner runs with the lock. 0 or -EOWNERDEAD. */
int gil_take(struct gil_ctx *ctx);

/* return: a lazy owner is back in time. */
void gil_return(struct gil_ctx *ctx, u64 now);

/* Let the policy's key start from 0 if another policy made it. */
void gil_reset_key(struct gil_ctx *ctx);

/* Begin to wait. @yielded: the context has just let others go first. */
void gil_ctx_enqueue(struct gil_ctx *ctx, u64 now, bool yielded);

/*
 * A step of a change of policy: move @n waiters from the policy to lock->moving
 * while lock->gathering is set, and otherwise from there to the policy. False:
 * no waiter is left to move.
 */
bool gil_move_waiters(struct gil_lock *lock, unsigned int n, u64 now);

/* A waiter gives up. Another may have to wake in its place. */
struct gil_ctx *gil_ctx_dequeue(struct gil_ctx *ctx, u64 now);

/*
 * barge: a called waiter takes the lock, and *@told is 0 or -EOWNERDEAD. False:
 * another thread was faster, and the waiter is in the queue again.
 */
bool gil_answer(struct gil_ctx *ctx, int *told);

/* stay: the owner has released lazily, and the lock stays put for @stay_ns. */
void gil_stay(struct gil_ctx *ctx, u64 now, u64 stay_ns);

/* The owner's hold ends. The lock has yet to move: gil_stay(), gil_pass_on() */
void gil_end_hold(struct gil_ctx *ctx, enum gil_reason reason, u64 now);

/*
 * grant, call, free, abandon: pass the lock on from @ctx, whose hold has ended.
 * @died: the next owner gets EOWNERDEAD.
 */
struct gil_ctx *gil_pass_on(struct gil_ctx *ctx, bool died, u64 now);

/*
 * The owner, whether granted, lazy or running, gives the lock up: end the hold
 * and pass the lock on. With reason EXIT, find out whether the owner died.
 */
struct gil_ctx *gil_let_go(struct gil_ctx *ctx, enum gil_reason reason,
			   u64 now);

/*
 * Others wait. Take the lock from an owner that is not in user mode and need not
 * get there with the lock: an owner that exits, or that has no CPU and is made to
 * give way or yields. Returns what gil_pass_on() does; NULL also if the owner keeps it.
 */
struct gil_ctx *gil_take_away(struct gil_ctx *owner, u64 now);

/* Does this task end because of a signal? Any context. */
bool gil_is_killed(const struct task_struct *task);

/*
 * Unlock lock->lock, taken with @flags, and then wake @next if it is not NULL. A
 * context that does not sleep in gil_sleep_until_granted() polls, and its
 * irq_work wakes it. @sleeps: the caller sleeps next, so that its CPU is free.
 * Not under a run queue's lock.
 */
void gil_unlock_and_wake(struct gil_lock *lock, struct gil_ctx *next,
			 unsigned long flags, bool sleeps)
	__releases(&lock->lock);

/*
 * Take lock->lock, let @step set *@next to the context to wake, unlock, and
 * wake it. Returns what @step returns. After -EINPROGRESS the caller sleeps. The
 * caller does not hold lock->lock.
 */
static inline int gil_do_locked(struct gil_ctx *ctx,
				int (*step)(struct gil_ctx *ctx,
					    struct gil_ctx **next))
{
	struct gil_lock *lock = ctx->lock;
	struct gil_ctx *next = NULL;
	unsigned long flags;
	int ret;

	raw_spin_lock_irqsave(&lock->lock, flags);
	ret = step(ctx, &next);
	gil_unlock_and_wake(lock, next, flags, ret == -EINPROGRESS);
	return ret;
}

/*
 * The irq_work of a context, queued where the granter may not wake: wake the
 * sleeper or the pollers. Takes lock->lock.
 */
void gil_granted(struct irq_work *work);

/* The function of a lock's timer. Takes lock->lock. */
enum hrtimer_restart gil_timer(struct hrtimer *timer);

#endif /* GIL_CORE_H */
