/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The locks that gilbench can run a workload on. To add one, write a file with
 * its struct lock_ops and name it in lock.c.
 *
 * Every operation returns 0 or an error number.
 */
#ifndef GILBENCH_LOCK_H
#define GILBENCH_LOCK_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/gil.h>

#include "args/level.h"

struct lock_ops;

/* The first member of each kind of lock's own structure. */
struct lock {
	const struct lock_ops *ops;
};

/* Zero and NULL mean the defaults of that kind of lock. */
struct lock_options {
	uint64_t interval_ns;
	const char *policy;
	/* Above manual, acquire binds the thread and release unbinds it. */
	enum level level;
};

struct lock_ops {
	const char *name;
	const char *doc;

	/* Only one thread owns the lock at a time. */
	bool excludes;

	/* Make a lock that processes forked from now on share. */
	int (*open)(struct lock **lock, const struct lock_options *options);
	void (*close)(struct lock *lock);

	/* Do now what a thread's first use costs; may be NULL. */
	int (*attach)(struct lock *lock);

	int (*acquire)(struct lock *lock);
	int (*release)(struct lock *lock);

	/* Called often by the owner: lets others in when they are due. */
	int (*checkpoint)(struct lock *lock);

	/* Let those who wait have the lock now, then own it again. */
	int (*yield)(struct lock *lock);

	/* Called before and after something that blocks. */
	int (*io_begin)(struct lock *lock);
	int (*io_end)(struct lock *lock);

	uint64_t (*interval_ns)(struct lock *lock);

	/* Whether the lock promises arrival order; NULL: no. */
	bool (*fifo)(struct lock *lock);

	/* How many threads are queued; NULL: the lock cannot tell. */
	int (*waiting)(struct lock *lock, unsigned int *waiting);

	/* What the lock counted, in all and for this thread; NULL: nothing. */
	int (*stats)(struct lock *lock, struct gil_lock_stats *stats);
	int (*thread_stats)(struct lock *lock, struct gil_thread_stats *stats);

	/*
	 * Acquire and release, or make a checkpoint as the owner, n times in a
	 * loop. They call the lock directly, as a program does, so that the
	 * cost of one operation can be measured.
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

/* Returns an error number after saying on stderr what failed. */
int lock_open(struct lock **lock, const struct lock_ops *ops,
	      const struct lock_options *options);

/*
 * Open such a lock for a moment, to learn its interval and whether it promises
 * arrival order. Complains and returns an error number like lock_open().
 */
int lock_inspect(const struct lock_ops *ops, const struct lock_options *options,
		 uint64_t *interval_ns, bool *fifo);

static inline void lock_close(struct lock *lock)
{
	lock->ops->close(lock);
}

static inline int lock_attach(struct lock *lock)
{
	return lock->ops->attach ? lock->ops->attach(lock) : 0;
}

/* lock_acquire(), lock_release() and so on: int lock_X(struct lock *lock). */
#define LOCK_OPERATION(name)					\
static inline int lock_##name(struct lock *lock)		\
{								\
	return lock->ops->name(lock);				\
}

LOCK_OPERATION(acquire)
LOCK_OPERATION(release)
LOCK_OPERATION(checkpoint)
LOCK_OPERATION(yield)
LOCK_OPERATION(io_begin)
LOCK_OPERATION(io_end)

/* Simulate I/O: sleep without the lock, then own it again. */
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
