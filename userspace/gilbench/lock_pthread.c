// SPDX-License-Identifier: GPL-2.0
/*
 * A process-shared pthread mutex, to compare the /dev/gil lock with.
 *
 * A mutex has no switch interval, and its owner cannot learn that somebody
 * waits. To do the same job, the owner keeps the interval itself: at the first
 * checkpoint after an interval it unlocks, yields the CPU and locks again. If
 * it did so at every checkpoint, the mutex would pay for thousands of switches
 * that nobody asked for; if it never did, the first owner would finish all its
 * work alone. The mutex is not handed to anybody: glibc and the scheduler
 * decide which thread gets it.
 */
#include <sched.h>
#include <sys/mman.h>

#include "clock.h"
#include "lock.h"
#include "mutex.h"

#define DEFAULT_INTERVAL_NS (5 * NS_PER_MS)

struct pthread_lock {
	struct lock base;
	uint64_t interval_ns;
	clockid_t clock;
	pthread_mutex_t mutex;
	/* Written by the owner only. */
	uint64_t locked_at;
};

static struct pthread_lock *to_pthread(struct lock *lock)
{
	return (struct pthread_lock *)lock;
}

/*
 * The coarse clock costs next to nothing but moves only once a tick, so it
 * serves where the interval is at least a tick.
 */
static clockid_t clock_for(uint64_t interval_ns)
{
	struct timespec tick;

	if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_sec)
		return CLOCK_MONOTONIC;
	return interval_ns < (uint64_t)tick.tv_nsec ? CLOCK_MONOTONIC :
						      CLOCK_MONOTONIC_COARSE;
}

static int pthread_lock_open(struct lock **lock,
			     const struct lock_options *options)
{
	struct pthread_lock *l;
	int error;

	l = mmap(NULL, sizeof(*l), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l == MAP_FAILED)
		return errno;
	l->base.ops = &lock_pthread;
	l->interval_ns = options->interval_ns ? options->interval_ns :
						DEFAULT_INTERVAL_NS;
	l->clock = clock_for(l->interval_ns);
	error = mutex_init_shared(&l->mutex);
	if (error) {
		munmap(l, sizeof(*l));
		return error;
	}
	*lock = &l->base;
	return 0;
}

static void pthread_lock_close(struct lock *lock)
{
	pthread_mutex_destroy(&to_pthread(lock)->mutex);
	munmap(lock, sizeof(struct pthread_lock));
}

static int pthread_lock_acquire(struct lock *lock)
{
	struct pthread_lock *l = to_pthread(lock);
	int error = pthread_mutex_lock(&l->mutex);

	if (!error)
		l->locked_at = clock_read_ns(l->clock);
	return error;
}

static int pthread_lock_release(struct lock *lock)
{
	return pthread_mutex_unlock(&to_pthread(lock)->mutex);
}

static int pthread_lock_yield(struct lock *lock)
{
	int error = pthread_lock_release(lock);

	if (error)
		return error;
	sched_yield();
	return pthread_lock_acquire(lock);
}

static int pthread_lock_checkpoint(struct lock *lock)
{
	struct pthread_lock *l = to_pthread(lock);

	if (clock_read_ns(l->clock) - l->locked_at < l->interval_ns)
		return 0;
	return pthread_lock_yield(lock);
}

static uint64_t pthread_lock_interval_ns(struct lock *lock)
{
	return to_pthread(lock)->interval_ns;
}

static int pthread_lock_pairs(struct lock *lock, uint64_t n)
{
	return mutex_pairs(&to_pthread(lock)->mutex, n);
}

static int pthread_lock_checkpoints(struct lock *lock, uint64_t n)
{
	int error = 0;

	while (n--)
		error |= pthread_lock_checkpoint(lock);
	return error;
}

const struct lock_ops lock_pthread = {
	.name = "pthread",
	.doc = "a process-shared pthread mutex, yielded once an interval",
	.excludes = true,
	.open = pthread_lock_open,
	.close = pthread_lock_close,
	.acquire = pthread_lock_acquire,
	.release = pthread_lock_release,
	.checkpoint = pthread_lock_checkpoint,
	.yield = pthread_lock_yield,
	.io_begin = pthread_lock_release,
	.io_end = pthread_lock_acquire,
	.interval_ns = pthread_lock_interval_ns,
	.pairs = pthread_lock_pairs,
	.checkpoints = pthread_lock_checkpoints,
};
