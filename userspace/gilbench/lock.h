/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lock back end: what gilbench can put under a workload. To add a peer,
 * write one file with its struct lock_ops and name it in lock.c.
 *
 * Every operation returns 0 or an error number.
 */
#ifndef GILBENCH_LOCK_H
#define GILBENCH_LOCK_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "args/level.h"

struct lock_ops;

/* What each back end's own structure begins with. */
struct lock {
	const struct lock_ops *ops;
};

/* Zero and NULL mean the back end's defaults. */
struct lock_options {
	uint64_t interval_ns;
	const char *policy;
	/* Above manual, who acquires is bound, and release unbinds. */
	enum level level;
};

/* What the lock itself counted since it was made. */
struct lock_counts {
	uint32_t number;
	uint64_t fast_acquires;
	uint64_t slow_acquires;
	uint64_t contended;
	uint64_t handoffs;
	uint64_t io_releases;
	uint64_t yields;
	uint64_t drop_requests;
	uint64_t forced_switches;
	uint64_t wait_max_ns;
	uint64_t wakeup_max_ns;
	uint64_t hold_max_ns;
};

/* What it counted of one thread. */
struct lock_thread_counts {
	uint64_t hold_ns;
	uint64_t wait_max_ns;
};

struct lock_ops {
	const char *name;
	const char *doc;

	/* Only one thread owns it at a time. */
	bool excludes;

	/* A new lock, shared with processes forked from now on. */
	int (*open)(struct lock **lock, const struct lock_options *options);
	void (*close)(struct lock *lock);

	/* Pay for a thread's first use now; may be NULL. */
	int (*attach)(struct lock *lock);

	int (*acquire)(struct lock *lock);
	int (*release)(struct lock *lock);

	/* Called often by the owner: lets others in when it is time to. */
	int (*checkpoint)(struct lock *lock);

	/* Let the others have it now, and own it again. */
	int (*yield)(struct lock *lock);

	/* Around something that blocks. */
	int (*io_begin)(struct lock *lock);
	int (*io_end)(struct lock *lock);

	uint64_t (*interval_ns)(struct lock *lock);

	/* Whether the lock promises arrival order; NULL: it does not. */
	bool (*fifo)(struct lock *lock);

	/* How many threads are queued; NULL: the lock cannot tell. */
	int (*waiting)(struct lock *lock, unsigned int *waiting);

	/* NULL: the lock does not count. */
	int (*counts)(struct lock *lock, struct lock_counts *counts);
	/* Of the calling thread. */
	int (*thread_counts)(struct lock *lock,
			     struct lock_thread_counts *counts);

	/*
	 * For the cost of one operation, n times in a loop, by direct calls as
	 * a program makes them: acquire and release; checkpoint while owner.
	 */
	int (*pairs)(struct lock *lock, uint64_t n);
	int (*checkpoints)(struct lock *lock, uint64_t n);
};

extern const struct lock_ops lock_gil;
extern const struct lock_ops lock_pthread;
extern const struct lock_ops lock_none;

/* Ends with NULL. */
extern const struct lock_ops *const lock_backends[];

const struct lock_ops *lock_find(const char *name);

/* Says on stderr why not and what to do; returns an error number. */
int lock_open(struct lock **lock, const struct lock_ops *ops,
	      const struct lock_options *options);

static inline void lock_close(struct lock *lock)
{
	lock->ops->close(lock);
}

static inline int lock_attach(struct lock *lock)
{
	return lock->ops->attach ? lock->ops->attach(lock) : 0;
}

static inline int lock_acquire(struct lock *lock)
{
	return lock->ops->acquire(lock);
}

static inline int lock_release(struct lock *lock)
{
	return lock->ops->release(lock);
}

static inline int lock_checkpoint(struct lock *lock)
{
	return lock->ops->checkpoint(lock);
}

static inline int lock_yield(struct lock *lock)
{
	return lock->ops->yield(lock);
}

static inline int lock_io_begin(struct lock *lock)
{
	return lock->ops->io_begin(lock);
}

static inline int lock_io_end(struct lock *lock)
{
	return lock->ops->io_end(lock);
}

/* An I/O of that length: sleep without the lock, and be back under it. */
int lock_sleep(struct lock *lock, uint64_t ns, uint64_t *took_ns);

static inline uint64_t lock_interval_ns(struct lock *lock)
{
	return lock->ops->interval_ns(lock);
}

static inline bool lock_fifo(struct lock *lock)
{
	return lock->ops->fifo && lock->ops->fifo(lock);
}

#endif
