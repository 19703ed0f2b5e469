// SPDX-License-Identifier: GPL-2.0
/*
 * How threads that want one lock all the time share it, for tests/icount:
 *
 *	gil_shares POLICY MILLISECONDS HOLD_US[:NICE]...
 *
 * Each thread runs at its nice value and holds the lock for HOLD_US at a time,
 * or until it is asked to give way. Prints a JSON object with the times that the
 * kernel counted. Root only.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lock.h"

#define THREADS_MAX	16

struct sharer {
	__u64 hold_ns;
	int nice;
	int err;
	struct gil_counts counts;
	pthread_t thread;
};

static int lock;
static const struct gil_page *page;
static volatile bool over;

static int hold(__u64 ns)
{
	__u64 until = now_ns() + ns;
	int err = 0;

	while (!err && now_ns() < until)
		if (__atomic_load_n(&page->drop_request, __ATOMIC_RELAXED))
			err = lock_yield(lock);
	return err;
}

static int hold_often(struct sharer *sharer)
{
	int err = 0;

	while (!err && !over)
		err = lock_acquire(lock, 0, 0) ?: hold(sharer->hold_ns) ?:
		      lock_release(lock, 0);
	return err;
}

static void *share(void *arg)
{
	struct sharer *sharer = arg;
	const struct sched_param param = { .sched_priority = 1 };
	struct gil_thread_stats stats;
	int err = 0;

	/*
	 * A real-time thread is not preempted by one of the same priority that
	 * it wakes. Otherwise, on one CPU, a thread that has released the lock
	 * would often be kept from asking for it again, and the test would
	 * measure the scheduler. The policy uses nice in any case.
	 */
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err = errno;
	if (setpriority(PRIO_PROCESS, syscall(SYS_gettid), sharer->nice))
		err = errno;
	err = err ?: hold_often(sharer);
	err = err ?: thread_stats(lock, 0, &stats);
	if (!err)
		sharer->counts = stats.counts;
	sharer->err = err;
	return NULL;
}

static void report(const char *policy, const struct sharer *sharers, int count)
{
	int i;

	printf("{\"policy\": \"%s\", \"threads\": [", policy);
	for (i = 0; i < count; i++)
		printf("%s{\"hold_us\": %llu, \"nice\": %d, \"hold_ns\": %llu, "
		       "\"turns\": %llu, \"wait_max_ns\": %llu}",
		       i ? ", " : "", sharers[i].hold_ns / 1000,
		       sharers[i].nice, sharers[i].counts.hold.total_ns,
		       sharers[i].counts.hold.count,
		       sharers[i].counts.wait.max_ns);
	printf("]}\n");
}

static int run(struct sharer *sharers, int count, unsigned int ms)
{
	/* A higher priority than theirs, so that this thread can run. */
	const struct sched_param param = { .sched_priority = 2 };
	int err = 0, i;

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		return errno;
	/* All wait in the queue at first, so only the policy decides the order. */
	err = lock_acquire(lock, 0, 0);
	for (i = 0; i < count && !err; i++)
		err = pthread_create(&sharers[i].thread, NULL, share,
				     &sharers[i]);
	if (err)
		return err;
	if (!until_waiting(lock, count))
		return ETIME;
	err = lock_release(lock, 0);
	usleep(ms * 1000);
	over = true;
	for (i = 0; i < count; i++) {
		pthread_join(sharers[i].thread, NULL);
		err = err ?: sharers[i].err;
	}
	return err;
}

int main(int argc, char **argv)
{
	struct sharer sharers[THREADS_MAX] = {};
	int count = argc - 3, err, i;

	if (count < 1 || count > THREADS_MAX) {
		fprintf(stderr, "usage: gil_shares POLICY MILLISECONDS HOLD_US[:NICE]...\n");
		return 2;
	}
	for (i = 0; i < count; i++) {
		const char *colon = strchr(argv[3 + i], ':');

		sharers[i].hold_ns = 1000 * strtoull(argv[3 + i], NULL, 10);
		sharers[i].nice = colon ? atoi(colon + 1) : 0;
	}
	lock = lock_create(0);
	err = lock < 0 ? -lock : lock_set_policy(lock, argv[1]);
	page = err ? NULL : lock_map(lock, PROT_READ);
	if (!err && !page)
		err = errno;
	err = err ?: run(sharers, count, atoi(argv[2]));
	if (err) {
		fprintf(stderr, "gil_shares: %s: %s\n", argv[1], strerror(err));
		return 1;
	}
	report(argv[1], sharers, count);
	return 0;
}
