/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The moves between a lock's states, drawn in core.c. Each is called holding
 * lock->lock unless it says otherwise.
 */
#ifndef GIL_CORE_H
#define GIL_CORE_H

#include "objects.h"

/* Who owns the lock, as far as can be known, or 0. Holding lock->lock. */
u32 gil_owner_id(struct gil_lock *lock);

/*
 * Make the word the kernel's, and learn who owns the lock: adopt. If
 * afterwards there is neither an owner nor an abandoned or open lock, it is
 * free, and the caller claims it or calls gil_put_back().
 */
void gil_pull(struct gil_lock *lock);

/* Undo gil_pull() if the lock turned out to be free. Only after a pull. */
void gil_put_back(struct gil_lock *lock);

/*
 * As gil_pull() and gil_let_go() for a thread that owns the lock by its word
 * alone, if it does.
 */
bool gil_drop_fast(struct gil_ctx *ctx);

/*
 * claim, recover: a pulled lock without an owner becomes @ctx's. 0 or
 * -EOWNERDEAD.
 */
int gil_claim(struct gil_ctx *ctx);

/* A granted owner runs with the lock. 0 or -EOWNERDEAD. */
int gil_take(struct gil_ctx *ctx);

/* return: a lazy owner is back. */
void gil_return(struct gil_ctx *ctx, u64 now);

/* The policy's key is of another policy's making: it starts from 0. */
void gil_reset_key(struct gil_ctx *ctx);

void gil_ctx_enqueue(struct gil_ctx *ctx, u64 now, bool yielded);

/*
 * A waiter gives up. Returns a context that must be woken in its stead, or
 * NULL.
 */
struct gil_ctx *gil_ctx_dequeue(struct gil_ctx *ctx, u64 now);

/*
 * barge: a waiter that was called takes the lock if nobody was faster, or is
 * in the queue again: false.
 */
bool gil_answer(struct gil_ctx *ctx, int *told);

/* stay: the owner's release is lazy, and the lock stays put for @stay_ns. */
void gil_stay(struct gil_ctx *ctx, u64 now, u64 stay_ns);

/* The owner's hold ends, but the lock has not moved yet. */
void gil_end_hold(struct gil_ctx *ctx, enum gil_reason reason, u64 now);

/*
 * grant, call, free, abandon: @ctx, whose hold has ended, passes the lock on.
 * Returns the context to wake, or NULL.
 */
struct gil_ctx *gil_pass_on(struct gil_ctx *ctx, bool died, u64 now);

/*
 * The owner, granted, lazy or held, gives the lock up: both of the above. Says
 * whether an owner died if @reason is EXIT.
 */
struct gil_ctx *gil_let_go(struct gil_ctx *ctx, enum gil_reason reason,
			   u64 now);

/* Is this task, the caller, ending because of a signal? Any context. */
bool gil_is_killed(const struct task_struct *task);

/*
 * Unlock lock->lock, taken with @flags, and then wake @next, which one of the
 * above returned, or nobody: NULL. One that does not sleep in
 * gil_sleep_until_granted() polls, and is told by its irq_work. Not under a run
 * queue's lock.
 */
void gil_unlock_and_wake(struct gil_lock *lock, struct gil_ctx *next,
			 unsigned long flags) __releases(&lock->lock);

/*
 * Take lock->lock, let @step set *@next to the context to wake, and wake it.
 * Returns what @step does.
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
	gil_unlock_and_wake(lock, next, flags);
	return ret;
}

/*
 * The irq_work of a context, for a granter that could not wake: wake the
 * sleeper or the pollers.
 */
void gil_granted(struct irq_work *work);

/* The timer of a lock: what is due is done. */
enum hrtimer_restart gil_timer(struct hrtimer *timer);

#endif /* GIL_CORE_H */
