/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a recording says, put in order: threads and when the scheduler ran them,
 * CPUs and the threads that they ran, locks and the threads that had them.
 *
 * Add all events in the order of their times (model_*()), then call
 * model_finish(). After that everything here may be read.
 */
#ifndef GILREPORT_MODEL_H
#define GILREPORT_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "array.h"
#include "map.h"

/* No time; it sorts after all times. */
#define NEVER UINT64_MAX

#define NAME_SIZE 16

enum sched_state {
	SCHED_UNKNOWN,
	SCHED_RUNNING,
	SCHED_READY, /* preempted, or woken and not yet run */
	SCHED_BLOCKED,
	SCHED_DEAD,
};

/* A thread's state from @start until the next span's. */
struct sched_span {
	uint64_t start;
	uint32_t cpu; /* if it runs */
	enum sched_state state;
};

struct thread {
	int32_t tid;
	char name[NAME_SIZE];
	bool named_by_gil; /* with the name that it had when it used a lock */
	struct array spans; /* struct sched_span */
	uint64_t blocked_ns; /* when it last went to sleep, or 0 */
	uint64_t resumed_ns; /* when it last came onto a CPU, or 0 */
	uint32_t seats; /* its first seat, or NONE */
};

/* Which thread a CPU runs from @start on. */
struct cpu_span {
	uint64_t start;
	uint32_t thread; /* or one of: */
};

#define CPU_IDLE UINT32_MAX
#define CPU_UNKNOWN (UINT32_MAX - 1)

/* @count events of a CPU are missing in between; 0: an unknown number. */
struct gap {
	uint64_t start, end;
	uint64_t count;
	uint32_t cpu;
};

struct cpu {
	struct array spans; /* struct cpu_span */
	uint64_t last_ns; /* of the last event from there */
};

/* Values of gil_release's reason, of the trace events' ABI. */
enum reason {
	REASON_EXPLICIT = 0,
	REASON_YIELD = 1,
	REASON_IO = 2,
	REASON_INTERVAL = 3,
	REASON_EXIT = 4,
	REASON_CANCEL = 5,
	REASON_NONE, /* not released, or the recording does not have it */
};

const char *reason_name(enum reason reason);

/*
 * One turn of a thread at a lock: request, grant, acquire, release. A step that
 * is not in the recording is NEVER, unless a later event says when it was. A
 * turn without a grant has @released too, if the thread gave up.
 */
struct turn {
	uint64_t requested, granted, acquired, released;
	uint64_t asked; /* when the owner was asked to drop it, or NEVER */
	uint64_t wait_ns, wakeup_ns, hold_ns; /* the kernel's own, or NEVER */
	uint32_t seat;
	uint32_t from; /* the turn that handed it over, or NONE */
	uint32_t next; /* the same thread's next turn, or NONE */
	enum reason reason;
	bool contended;
	bool after_io; /* its first request since it slept without the lock */
	bool repaired; /* a step was missing in the recording */
	bool slept; /* its thread slept while it waited */
	bool taken; /* its owner blocked, and the kernel released the lock */
};

/* A thread at a lock. */
struct seat {
	uint32_t lock, thread;
	uint32_t index; /* among the lock's */
	uint32_t first, last; /* turns, or NONE */
	uint32_t next_of_thread;
	bool open; /* the last turn has not ended */
	uint64_t drop_requests, io_backs;
};

struct waiters {
	uint64_t time;
	uint32_t count;
};

struct drop {
	uint64_t time;
	uint32_t seat;
};

enum mark_kind {
	MARK_DIED, /* an owner */
	MARK_POLICY, /* another, @name, from here on */
	MARK_BOUND, /* by @flags, GIL_BIND_* */
	MARK_UNBOUND,
};

/* What happened besides the turns. */
struct mark {
	uint64_t time;
	enum mark_kind kind;
	uint32_t seat; /* or NONE: it concerns the lock as a whole */
	uint32_t flags;
	char name[NAME_SIZE];
};

struct lock {
	uint32_t nr;
	char policy[NAME_SIZE]; /* or "", not told */
	struct array turns; /* struct turn, by request */
	struct array seats; /* uint32_t: of model->seats */
	struct array waiters; /* struct waiters */
	struct array drops; /* struct drop */
	struct array marks; /* struct mark */
	struct array patience; /* uint64_t: the wait before each drop */
	uint32_t owner; /* seat, or NONE */
	uint64_t waiting_since; /* since when somebody waits, or NEVER */
	uint32_t pending; /* seat whose request is the last event, or NONE */
	struct waiters pending_waiters;
	uint64_t owners_died;
	uint64_t repaired;
};

enum gil_kind {
	GIL_REQUEST,
	GIL_WAIT,
	GIL_GRANT,
	GIL_ACQUIRE,
	GIL_RELEASE,
	GIL_DROP_REQUEST,
	GIL_IO_RELEASE,
	GIL_TAKE_BACK,
	GIL_BIND,
	GIL_UNBIND,
	GIL_OWNER_DIED,
	GIL_POLICY,
	GIL_KINDS,
};

struct model {
	struct array threads; /* struct thread */
	struct array cpus; /* struct cpu */
	struct array locks; /* struct lock */
	struct array seats; /* struct seat */
	struct array gaps; /* struct gap */
	struct map by_tid, by_lock, by_seat;
	uint64_t start, end;
	uint64_t events, gil_events, sched_events;
	uint64_t counts[GIL_KINDS];
	uint64_t contended; /* acquires after a wait */
	/* As gilrecord noted, or "". */
	char command[256], kernel[64];
	/* As trace-cmd recorded, or "". */
	char clock[32], instance[64];
};

/* A gil event; fields that its kind does not have are 0. */
struct gil_event {
	enum gil_kind kind;
	uint64_t time;
	uint32_t lock, waiting, contended, reason, flags;
	int32_t tid, from_tid;
	uint64_t wait_ns, wakeup_ns, hold_ns;
	char name[NAME_SIZE]; /* comm, or the policy's */
};

void model_init(struct model *model);
void model_free(struct model *model);

/* Any event. @missed: how many were lost just before it; -1: unknown. */
void model_event(struct model *model, uint64_t time, uint32_t cpu,
		 int64_t missed);
void model_gil(struct model *model, const struct gil_event *event);
void model_switch(struct model *model, uint64_t time, uint32_t cpu,
		  int32_t prev_tid, const char *prev_name, uint64_t prev_state,
		  int32_t next_tid, const char *next_name);
void model_wakeup(struct model *model, uint64_t time, int32_t tid,
		  const char *name);
void model_finish(struct model *model);

/* The living thread of that number, made if it is new. */
uint32_t model_find_thread(struct model *model, int32_t tid);
/* A thread has ended: close its turns. */
void model_leave(struct model *model, uint64_t time, uint32_t thread);
/* wash_utf8() with '?' for control characters, too: the text is one line. */
void model_wash(char *to, size_t room, const char *text);

static inline struct thread *model_thread(const struct model *model,
					  uint32_t index)
{
	return array_at(&model->threads, struct thread, index);
}

static inline struct seat *model_seat(const struct model *model, uint32_t index)
{
	return array_at(&model->seats, struct seat, index);
}

static inline struct lock *model_lock(const struct model *model, size_t index)
{
	return array_at(&model->locks, struct lock, index);
}

static inline struct turn *lock_turn(const struct lock *lock, uint32_t index)
{
	return array_at(&lock->turns, struct turn, index);
}

/* The thread of a lock's @index-th seat. */
static inline struct seat *lock_seat(const struct model *model,
				     const struct lock *lock, size_t index)
{
	return model_seat(model, *array_at(&lock->seats, uint32_t, index));
}

#endif
