/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events. TRACE_SYSTEM is the module's name, so that tools find the
 * types in its BTF; fields are plain numbers and a char[16], so that every
 * tool reads them. All events are emitted under lock->lock: their order is
 * the order in which the lock moved.
 *
 * While any of them is on, the locks' pages close the fast path (locks.c).
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gil

#if !defined(GIL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define GIL_TRACE_H

#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "locks.h"

/* Readers of the format files know the values by these. */
TRACE_DEFINE_ENUM(GIL_REASON_EXPLICIT);
TRACE_DEFINE_ENUM(GIL_REASON_YIELD);
TRACE_DEFINE_ENUM(GIL_REASON_IO);
TRACE_DEFINE_ENUM(GIL_REASON_INTERVAL);
TRACE_DEFINE_ENUM(GIL_REASON_EXIT);
TRACE_DEFINE_ENUM(GIL_REASON_CANCEL);

#define gil_reason_names			\
	{ GIL_REASON_EXPLICIT,	"explicit" },	\
	{ GIL_REASON_YIELD,	"yield" },	\
	{ GIL_REASON_IO,	"io" },		\
	{ GIL_REASON_INTERVAL,	"interval" },	\
	{ GIL_REASON_EXIT,	"exit" },	\
	{ GIL_REASON_CANCEL,	"cancel" }

/* A thread asks for the lock; @waiting others are in the queue. */
TRACE_EVENT_FN(gil_request,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),
	TP_ARGS(lock, ctx),
	TP_STRUCT__entry(
		__field(u32, lock)
		__field(u32, id)
		__field(pid_t, tid)
		__array(char, comm, TASK_COMM_LEN)
		__field(u32, waiting)
	),
	TP_fast_assign(
		__entry->lock = lock->nr;
		__entry->id = ctx->w.id;
		__entry->tid = ctx->w.task->pid;
		memcpy(__entry->comm, ctx->w.task->comm, TASK_COMM_LEN);
		__entry->waiting = lock->q.waiting;
	),
	TP_printk("lock=%u id=%u tid=%d comm=%s waiting=%u",
		  __entry->lock, __entry->id, __entry->tid, __entry->comm,
		  __entry->waiting),
	gil_trace_on, gil_trace_off
);

/*
 * A waiter is made the owner, before it wakes, by the thread @from_tid that
 * gave the lock up. @waiting others remain.
 */
TRACE_EVENT_FN(gil_grant,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx,
		 struct gil_ctx *from, u64 wait_ns),
	TP_ARGS(lock, ctx, from, wait_ns),
	TP_STRUCT__entry(
		__field(u32, lock)
		__field(u32, id)
		__field(pid_t, tid)
		__array(char, comm, TASK_COMM_LEN)
		__field(pid_t, from_tid)
		__field(u64, wait_ns)
		__field(u32, waiting)
	),
	TP_fast_assign(
		__entry->lock = lock->nr;
		__entry->id = ctx->w.id;
		__entry->tid = ctx->w.task->pid;
		memcpy(__entry->comm, ctx->w.task->comm, TASK_COMM_LEN);
		__entry->from_tid = from->w.task->pid;
		__entry->wait_ns = wait_ns;
		__entry->waiting = lock->q.waiting;
	),
	TP_printk("lock=%u id=%u tid=%d comm=%s from_tid=%d wait_ns=%llu waiting=%u",
		  __entry->lock, __entry->id, __entry->tid, __entry->comm,
		  __entry->from_tid, __entry->wait_ns, __entry->waiting),
	gil_trace_on, gil_trace_off
);

/*
 * The owner runs: at once, or, @contended, @wakeup_ns after its grant and
 * @wait_ns before that after its request.
 */
TRACE_EVENT_FN(gil_acquire,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, bool contended,
		 u64 wait_ns, u64 wakeup_ns),
	TP_ARGS(lock, ctx, contended, wait_ns, wakeup_ns),
	TP_STRUCT__entry(
		__field(u32, lock)
		__field(u32, id)
		__field(pid_t, tid)
		__array(char, comm, TASK_COMM_LEN)
		__field(u32, contended)
		__field(u64, wait_ns)
		__field(u64, wakeup_ns)
	),
	TP_fast_assign(
		__entry->lock = lock->nr;
		__entry->id = ctx->w.id;
		__entry->tid = ctx->w.task->pid;
		memcpy(__entry->comm, ctx->w.task->comm, TASK_COMM_LEN);
		__entry->contended = contended;
		__entry->wait_ns = wait_ns;
		__entry->wakeup_ns = wakeup_ns;
	),
	TP_printk("lock=%u id=%u tid=%d comm=%s contended=%u wait_ns=%llu wakeup_ns=%llu",
		  __entry->lock, __entry->id, __entry->tid, __entry->comm,
		  __entry->contended, __entry->wait_ns, __entry->wakeup_ns),
	gil_trace_on, gil_trace_off
);

/* The owner gives the lock up; @waiting are in the queue. */
TRACE_EVENT_FN(gil_release,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx,
		 enum gil_reason reason, u64 hold_ns),
	TP_ARGS(lock, ctx, reason, hold_ns),
	TP_STRUCT__entry(
		__field(u32, lock)
		__field(u32, id)
		__field(pid_t, tid)
		__array(char, comm, TASK_COMM_LEN)
		__field(u32, reason)
		__field(u64, hold_ns)
		__field(u32, waiting)
	),
	TP_fast_assign(
		__entry->lock = lock->nr;
		__entry->id = ctx->w.id;
		__entry->tid = ctx->w.task->pid;
		memcpy(__entry->comm, ctx->w.task->comm, TASK_COMM_LEN);
		__entry->reason = reason;
		__entry->hold_ns = hold_ns;
		__entry->waiting = lock->q.waiting;
	),
	TP_printk("lock=%u id=%u tid=%d comm=%s reason=%s hold_ns=%llu waiting=%u",
		  __entry->lock, __entry->id, __entry->tid, __entry->comm,
		  __print_symbolic(__entry->reason, gil_reason_names),
		  __entry->hold_ns, __entry->waiting),
	gil_trace_on, gil_trace_off
);

/* The events about an owner's hold, @hold_ns long so far; @waiting for it. */
DECLARE_EVENT_CLASS(gil_hold,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, u64 hold_ns),
	TP_ARGS(lock, ctx, hold_ns),
	TP_STRUCT__entry(
		__field(u32, lock)
		__field(u32, id)
		__field(pid_t, tid)
		__array(char, comm, TASK_COMM_LEN)
		__field(u64, hold_ns)
		__field(u32, waiting)
	),
	TP_fast_assign(
		__entry->lock = lock->nr;
		__entry->id = ctx->w.id;
		__entry->tid = ctx->w.task->pid;
		memcpy(__entry->comm, ctx->w.task->comm, TASK_COMM_LEN);
		__entry->hold_ns = hold_ns;
		__entry->waiting = lock->q.waiting;
	),
	TP_printk("lock=%u id=%u tid=%d comm=%s hold_ns=%llu waiting=%u",
		  __entry->lock, __entry->id, __entry->tid, __entry->comm,
		  __entry->hold_ns, __entry->waiting)
);

/* The switch interval has run out: the owner is asked to give way. */
DEFINE_EVENT_FN(gil_hold, gil_drop_request,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, u64 hold_ns),
	TP_ARGS(lock, ctx, hold_ns),
	gil_trace_on, gil_trace_off
);

/* A bound owner blocks: the kernel releases the lock for it. */
DEFINE_EVENT_FN(gil_hold, gil_io_release,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, u64 hold_ns),
	TP_ARGS(lock, ctx, hold_ns),
	gil_trace_on, gil_trace_off
);

/* The events that say no more than which thread it is about. */
DECLARE_EVENT_CLASS(gil_thread,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),
	TP_ARGS(lock, ctx),
	TP_STRUCT__entry(
		__field(u32, lock)
		__field(u32, id)
		__field(pid_t, tid)
		__array(char, comm, TASK_COMM_LEN)
	),
	TP_fast_assign(
		__entry->lock = lock->nr;
		__entry->id = ctx->w.id;
		__entry->tid = ctx->w.task->pid;
		memcpy(__entry->comm, ctx->w.task->comm, TASK_COMM_LEN);
	),
	TP_printk("lock=%u id=%u tid=%d comm=%s",
		  __entry->lock, __entry->id, __entry->tid, __entry->comm)
);

/* A thread that has asked goes to sleep until it is granted the lock. */
DEFINE_EVENT_FN(gil_thread, gil_wait,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),
	TP_ARGS(lock, ctx),
	gil_trace_on, gil_trace_off
);

/* A bound thread is about to return to user mode, and must have the lock. */
DEFINE_EVENT_FN(gil_thread, gil_take_back,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),
	TP_ARGS(lock, ctx),
	gil_trace_on, gil_trace_off
);

/* A thread is bound no more. */
DEFINE_EVENT_FN(gil_thread, gil_unbind,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),
	TP_ARGS(lock, ctx),
	gil_trace_on, gil_trace_off
);

/* The owner ended without releasing; the next one is told. */
DEFINE_EVENT_FN(gil_thread, gil_owner_died,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),
	TP_ARGS(lock, ctx),
	gil_trace_on, gil_trace_off
);

/* A thread is bound, or bound in another way: @flags are GIL_BIND_*. */
TRACE_EVENT_FN(gil_bind,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, u32 flags),
	TP_ARGS(lock, ctx, flags),
	TP_STRUCT__entry(
		__field(u32, lock)
		__field(u32, id)
		__field(pid_t, tid)
		__array(char, comm, TASK_COMM_LEN)
		__field(u32, flags)
	),
	TP_fast_assign(
		__entry->lock = lock->nr;
		__entry->id = ctx->w.id;
		__entry->tid = ctx->w.task->pid;
		memcpy(__entry->comm, ctx->w.task->comm, TASK_COMM_LEN);
		__entry->flags = flags;
	),
	TP_printk("lock=%u id=%u tid=%d comm=%s flags=%#x",
		  __entry->lock, __entry->id, __entry->tid, __entry->comm,
		  __entry->flags),
	gil_trace_on, gil_trace_off
);

/* The lock has another policy. */
TRACE_EVENT_FN(gil_policy,
	TP_PROTO(struct gil_lock *lock, const char *name),
	TP_ARGS(lock, name),
	TP_STRUCT__entry(
		__field(u32, lock)
		__array(char, policy, GIL_NAME_MAX)
	),
	TP_fast_assign(
		__entry->lock = lock->nr;
		strscpy(__entry->policy, name, GIL_NAME_MAX);
	),
	TP_printk("lock=%u policy=%s", __entry->lock, __entry->policy),
	gil_trace_on, gil_trace_off
);

#endif /* GIL_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE gil_trace
#include <trace/define_trace.h>
