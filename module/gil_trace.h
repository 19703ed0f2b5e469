/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trace events.
 *
 * TRACE_SYSTEM is the module's name, so that tools find the types in its BTF.
 * The fields are plain numbers and a char[16], so that every tool can read
 * them. All events are emitted under lock->lock, so their order is the order in
 * which the lock moved.
 *
 * While any event is on, the locks' pages close the fast path; see locks.c.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM gil

#if !defined(GIL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define GIL_TRACE_H

#include <linux/sched.h>
#include <linux/tracepoint.h>

#include "locks.h"

/* The format files translate the values of @reason by these names. */
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

/* What every event about a thread on a lock has. */
#define GIL_CTX_ENTRY						\
	__field(u32, lock)					\
	__field(u32, id)					\
	__field(pid_t, tid)					\
	__array(char, comm, TASK_COMM_LEN)

#define GIL_CTX_ASSIGN						\
	do {							\
		__entry->lock = lock->nr;			\
		__entry->id = ctx->w.id;			\
		__entry->tid = ctx->w.task->pid;		\
		memcpy(__entry->comm, ctx->w.task->comm, TASK_COMM_LEN); \
	} while (0)

#define GIL_CTX_FMT	"lock=%u id=%u tid=%d comm=%s"
#define GIL_CTX_ARGS						\
	__entry->lock, __entry->id, __entry->tid, __entry->comm

/* A thread asks for the lock. @waiting other threads are in the queue. */
TRACE_EVENT_FN(gil_request,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),
	TP_ARGS(lock, ctx),
	TP_STRUCT__entry(
		GIL_CTX_ENTRY
		__field(u32, waiting)
	),
	TP_fast_assign(
		GIL_CTX_ASSIGN;
		__entry->waiting = lock->q.waiting;
	),
	TP_printk(GIL_CTX_FMT " waiting=%u", GIL_CTX_ARGS,
		  __entry->waiting),
	gil_trace_on, gil_trace_off
);

/*
 * Thread @from_tid has given the lock up, and a waiter becomes the owner before
 * it wakes. @waiting others remain in the queue.
 */
TRACE_EVENT_FN(gil_grant,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx,
		 struct gil_ctx *from, u64 wait_ns),
	TP_ARGS(lock, ctx, from, wait_ns),
	TP_STRUCT__entry(
		GIL_CTX_ENTRY
		__field(pid_t, from_tid)
		__field(u64, wait_ns)
		__field(u32, waiting)
	),
	TP_fast_assign(
		GIL_CTX_ASSIGN;
		__entry->from_tid = from ? from->w.task->pid : 0;
		__entry->wait_ns = wait_ns;
		__entry->waiting = lock->q.waiting;
	),
	TP_printk(GIL_CTX_FMT " from_tid=%d wait_ns=%llu waiting=%u",
		  GIL_CTX_ARGS, __entry->from_tid, __entry->wait_ns, __entry->waiting),
	gil_trace_on, gil_trace_off
);

/*
 * The owner runs with the lock. If it had to wait, @contended is 1: it was
 * granted the lock @wait_ns after its request and ran @wakeup_ns later.
 */
TRACE_EVENT_FN(gil_acquire,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, bool contended,
		 u64 wait_ns, u64 wakeup_ns),
	TP_ARGS(lock, ctx, contended, wait_ns, wakeup_ns),
	TP_STRUCT__entry(
		GIL_CTX_ENTRY
		__field(u32, contended)
		__field(u64, wait_ns)
		__field(u64, wakeup_ns)
	),
	TP_fast_assign(
		GIL_CTX_ASSIGN;
		__entry->contended = contended;
		__entry->wait_ns = wait_ns;
		__entry->wakeup_ns = wakeup_ns;
	),
	TP_printk(GIL_CTX_FMT " contended=%u wait_ns=%llu wakeup_ns=%llu",
		  GIL_CTX_ARGS, __entry->contended, __entry->wait_ns,
		  __entry->wakeup_ns),
	gil_trace_on, gil_trace_off
);

/* The owner gives the lock up. @waiting threads are in the queue. */
TRACE_EVENT_FN(gil_release,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx,
		 enum gil_reason reason, u64 hold_ns),
	TP_ARGS(lock, ctx, reason, hold_ns),
	TP_STRUCT__entry(
		GIL_CTX_ENTRY
		__field(u32, reason)
		__field(u64, hold_ns)
		__field(u32, waiting)
	),
	TP_fast_assign(
		GIL_CTX_ASSIGN;
		__entry->reason = reason;
		__entry->hold_ns = hold_ns;
		__entry->waiting = lock->q.waiting;
	),
	TP_printk(GIL_CTX_FMT " reason=%s hold_ns=%llu waiting=%u", GIL_CTX_ARGS,
		  __print_symbolic(__entry->reason, gil_reason_names),
		  __entry->hold_ns, __entry->waiting),
	gil_trace_on, gil_trace_off
);

/*
 * Events about an owner that has held the lock for @hold_ns so far. @waiting
 * threads are in the queue.
 */
DECLARE_EVENT_CLASS(gil_hold,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, u64 hold_ns),
	TP_ARGS(lock, ctx, hold_ns),
	TP_STRUCT__entry(
		GIL_CTX_ENTRY
		__field(u64, hold_ns)
		__field(u32, waiting)
	),
	TP_fast_assign(
		GIL_CTX_ASSIGN;
		__entry->hold_ns = hold_ns;
		__entry->waiting = lock->q.waiting;
	),
	TP_printk(GIL_CTX_FMT " hold_ns=%llu waiting=%u", GIL_CTX_ARGS,
		  __entry->hold_ns, __entry->waiting)
);

#define DEFINE_GIL_HOLD_EVENT(name)					\
DEFINE_EVENT_FN(gil_hold, name,						\
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, u64 hold_ns), \
	TP_ARGS(lock, ctx, hold_ns),					\
	gil_trace_on, gil_trace_off					\
)

/* The switch interval has run out: the owner is asked to give way. */
DEFINE_GIL_HOLD_EVENT(gil_drop_request);

/* A bound owner blocks: the kernel releases the lock for it. */
DEFINE_GIL_HOLD_EVENT(gil_io_release);

/* Events that only say which thread they are about. */
DECLARE_EVENT_CLASS(gil_thread,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),
	TP_ARGS(lock, ctx),
	TP_STRUCT__entry(
		GIL_CTX_ENTRY
	),
	TP_fast_assign(
		GIL_CTX_ASSIGN;
	),
	TP_printk(GIL_CTX_FMT, GIL_CTX_ARGS)
);

#define DEFINE_GIL_THREAD_EVENT(name)					\
DEFINE_EVENT_FN(gil_thread, name,					\
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx),		\
	TP_ARGS(lock, ctx),						\
	gil_trace_on, gil_trace_off					\
)

/* A thread that has asked for the lock goes to sleep until it is granted. */
DEFINE_GIL_THREAD_EVENT(gil_wait);

/* A bound thread that has lost the lock is about to return to user mode. */
DEFINE_GIL_THREAD_EVENT(gil_take_back);

/* A thread is no longer bound. */
DEFINE_GIL_THREAD_EVENT(gil_unbind);

/* The owner ended without releasing. The next owner gets EOWNERDEAD. */
DEFINE_GIL_THREAD_EVENT(gil_owner_died);

/* A thread is bound, or its binding changes. @flags are GIL_BIND_*. */
TRACE_EVENT_FN(gil_bind,
	TP_PROTO(struct gil_lock *lock, struct gil_ctx *ctx, u32 flags),
	TP_ARGS(lock, ctx, flags),
	TP_STRUCT__entry(
		GIL_CTX_ENTRY
		__field(u32, flags)
	),
	TP_fast_assign(
		GIL_CTX_ASSIGN;
		__entry->flags = flags;
	),
	TP_printk(GIL_CTX_FMT " flags=%#x", GIL_CTX_ARGS,
		  __entry->flags),
	gil_trace_on, gil_trace_off
);

/* The lock gets another policy. */
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
