// SPDX-License-Identifier: GPL-2.0
/*
 * A private /dev/gil lock, used through libgil at each of the three levels.
 * Above manual a thread is bound instead of acquiring the lock, and the kernel
 * sees by itself when the thread blocks. At the level enforced the thread
 * needs no checkpoints either.
 */
#include <stdlib.h>
#include <string.h>

#include <gil.h>

#include "lock.h"

struct gil_lock {
	struct lock base;
	gil_t *gil;
};

static const struct lock_ops *const ops_at[LEVEL_ENFORCED + 1];

static gil_t *to_gil(struct lock *lock)
{
	return ((struct gil_lock *)lock)->gil;
}

static int gil_lock_open(struct lock **lock, const struct lock_options *options)
{
	struct gil_options wanted = {
		.interval_ns = options->interval_ns,
		.policy = options->policy,
	};
	struct gil_lock *l = malloc(sizeof(*l));
	int error;

	if (!l)
		return ENOMEM;
	l->base.ops = ops_at[options->level];
	error = gil_create(&l->gil, &wanted);
	if (error) {
		free(l);
		return error;
	}
	*lock = &l->base;
	return 0;
}

static void gil_lock_close(struct lock *lock)
{
	gil_close(to_gil(lock));
	free(lock);
}

static int gil_lock_attach(struct lock *lock)
{
	return gil_attach(to_gil(lock), NULL);
}

/* gil_lock_acquire(), gil_lock_release() and so on call libgil's function. */
#define GIL_LOCK_OPERATION(name)				\
static int gil_lock_##name(struct lock *lock)			\
{								\
	return gil_##name(to_gil(lock));			\
}

GIL_LOCK_OPERATION(acquire)
GIL_LOCK_OPERATION(release)
GIL_LOCK_OPERATION(checkpoint)
GIL_LOCK_OPERATION(yield)
GIL_LOCK_OPERATION(io_begin)
GIL_LOCK_OPERATION(io_end)
GIL_LOCK_OPERATION(unbind)

static uint64_t gil_lock_interval_ns(struct lock *lock)
{
	uint64_t ns;

	if (gil_get_interval(to_gil(lock), &ns))
		return GIL_INTERVAL_DEFAULT_NS;
	return ns;
}

static bool gil_lock_fifo(struct lock *lock)
{
	struct gil_policy policy;

	return !gil_get_policy(to_gil(lock), &policy) &&
	       !strcmp(policy.name, "fifo");
}

static int stats_of_lock(struct lock *lock, struct gil_lock_stats *stats)
{
	return gil_lock_stats(to_gil(lock), stats);
}

static int stats_of_thread(struct lock *lock, struct gil_thread_stats *stats)
{
	return gil_thread_stats(to_gil(lock), stats);
}

static int gil_lock_waiting(struct lock *lock, unsigned int *waiting)
{
	struct gil_lock_stats stats;
	int error = stats_of_lock(lock, &stats);

	if (!error)
		*waiting = stats.waiting;
	return error;
}

static int gil_lock_pairs(struct lock *lock, uint64_t n)
{
	gil_t *gil = to_gil(lock);
	int error = 0;

	while (n--) {
		error |= gil_acquire(gil);
		error |= gil_release(gil);
	}
	return error;
}

static int gil_lock_checkpoints(struct lock *lock, uint64_t n)
{
	gil_t *gil = to_gil(lock);
	int error = 0;

	while (n--)
		error |= gil_checkpoint(gil);
	return error;
}

static int bind_auto_io(struct lock *lock)
{
	return gil_bind(to_gil(lock), level_bind_flags(LEVEL_AUTO_IO));
}

static int bind_enforced(struct lock *lock)
{
	return gil_bind(to_gil(lock), level_bind_flags(LEVEL_ENFORCED));
}

static int leave_to_kernel(struct lock *lock)
{
	(void)lock;
	return 0;
}

#define SAME_AT_ALL_LEVELS					\
	.name = "gil",						\
	.doc = "a private /dev/gil lock",			\
	.excludes = true,					\
	.open = gil_lock_open,					\
	.close = gil_lock_close,				\
	.attach = gil_lock_attach,				\
	.yield = gil_lock_yield,				\
	.interval_ns = gil_lock_interval_ns,			\
	.fifo = gil_lock_fifo,					\
	.waiting = gil_lock_waiting,				\
	.stats = stats_of_lock,					\
	.thread_stats = stats_of_thread,			\
	.pairs = gil_lock_pairs,				\
	.checkpoints = gil_lock_checkpoints

const struct lock_ops lock_gil = {
	SAME_AT_ALL_LEVELS,
	.acquire = gil_lock_acquire,
	.release = gil_lock_release,
	.checkpoint = gil_lock_checkpoint,
	.io_begin = gil_lock_io_begin,
	.io_end = gil_lock_io_end,
};

static const struct lock_ops auto_io = {
	SAME_AT_ALL_LEVELS,
	.acquire = bind_auto_io,
	.release = gil_lock_unbind,
	.checkpoint = gil_lock_checkpoint,
	.io_begin = leave_to_kernel,
	.io_end = leave_to_kernel,
};

static const struct lock_ops enforced = {
	SAME_AT_ALL_LEVELS,
	.acquire = bind_enforced,
	.release = gil_lock_unbind,
	.checkpoint = leave_to_kernel,
	.io_begin = leave_to_kernel,
	.io_end = leave_to_kernel,
};

static const struct lock_ops *const ops_at[LEVEL_ENFORCED + 1] = {
	[LEVEL_MANUAL] = &lock_gil,
	[LEVEL_AUTO_IO] = &auto_io,
	[LEVEL_ENFORCED] = &enforced,
};
