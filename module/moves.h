/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the lock core share: the moves between a lock's states,
 * drawn in core.c. Each is called holding lock->lock.
 */
#ifndef GIL_MOVES_H
#define GIL_MOVES_H

#include "core.h"
#include "stats.h"

/* Count once for the context and once for its lock. */
#define gil_count(ctx, field) \
	gil_count_at(ctx, offsetof(struct gil_counts, field))
#define gil_count_time(ctx, field, ns) \
	gil_count_time_at(ctx, offsetof(struct gil_counts, field), ns)

void gil_count_at(struct gil_ctx *ctx, size_t offset);
void gil_count_time_at(struct gil_ctx *ctx, size_t offset, u64 ns);

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
void gil_key(struct gil_ctx *ctx);

void gil_enqueue(struct gil_ctx *ctx, u64 now, bool yielded);

/*
 * A waiter gives up. Returns a context that must be woken in its stead, or
 * NULL.
 */
struct gil_ctx *gil_dequeue(struct gil_ctx *ctx, u64 now);

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
 * acquire.c: the context leaves the lock for good, whatever its state. Returns
 * what gil_pass_on() does.
 */
struct gil_ctx *gil_leave(struct gil_ctx *ctx);

/*
 * acquire.c: the owner, asked or by itself, lets others go first and is in the
 * queue; it goes on to gil_wait(). Returns what gil_pass_on() does.
 */
struct gil_ctx *gil_yield_owned(struct gil_ctx *ctx, enum gil_reason reason,
				u64 now);

/*
 * Unlock lock->lock, taken with @flags, and then wake @next, which one of the
 * above returned, or nobody: NULL. One that does not sleep in gil_wait() polls,
 * and is told by its irq_work. Not under a run queue's lock.
 */
void gil_unlock_and_wake(struct gil_lock *lock, struct gil_ctx *next,
			 unsigned long flags) __releases(&lock->lock);

/*
 * acquire.c: the part of an acquire that does not wait; as its ioctl, but
 * -EINPROGRESS: in the queue, and to be woken from here on if @sleep.
 */
int gil_request(struct gil_ctx *ctx, u32 flags, bool sleep);

/*
 * Sleep until granted; not holding lock->lock. A grant always wins over a
 * signal, of those that @state is woken by, or the deadline that it raced
 * with; after either of those, leave the queue unless @keep says otherwise,
 * GIL_ACQUIRE_KEEP_*. Only SIGKILL wins over a grant, which goes to the next.
 */
int gil_wait(struct gil_ctx *ctx, unsigned int state, ktime_t *deadline,
	     u32 keep);

/* ask.c: the owner need not give way any more: it did, or nobody waits. */
void gil_unask(struct gil_lock *lock);

/*
 * Have the owner asked to give way when the policy's patience ends: counted
 * from now, or not later than so far.
 */
void gil_ask_later(struct gil_lock *lock, u64 now);
void gil_ask_sooner(struct gil_lock *lock, u64 now);

/* Have the timer fire when something is due. */
void gil_arm(struct gil_lock *lock);
enum hrtimer_restart gil_timer(struct hrtimer *timer);

#endif /* GIL_MOVES_H */
