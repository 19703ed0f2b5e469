// SPDX-License-Identifier: GPL-2.0
/*
 * Every ioctl's success, and the errors that depend on the state of the caller.
 * (gil_refused.c tests bad input.) Each step checks what the kernel then says of
 * the lock and of the thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "main.h"
#include "stage.h"

STAGE_FIXTURE(lock)

STAGE_SETUP(lock, 1, ACTOR_THREAD, GIL_INTERVAL_MAX_NS)

TEST_F_TIMEOUT(lock, create_sets_interval_and_policy, PATIENCE)
{
	static const __u64 good[] = {
		GIL_INTERVAL_MIN_NS, 1000000, GIL_INTERVAL_MAX_NS,
	};
	struct gil_create create = { .policy = "fifo" };
	struct gil_lock_stats stats;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		create.interval_ns = good[i];
		fd = ioctl(self->fd, GIL_IOC_CREATE, &create);
		ASSERT_LE(0, fd);
		EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
		memset(&stats, 0xcc, sizeof(stats));
		EXPECT_EQ(0, lock_stats(fd, &stats));
		EXPECT_EQ(good[i], stats.interval_ns);
		EXPECT_STREQ("fifo", stats.policy);
		EXPECT_EQ(0, stats.owner);
		EXPECT_EQ(0, stats.waiting);
		EXPECT_EQ(0, stats.threads);
		EXPECT_EQ(0, stats.pad);
		close(fd);
	}
}

TEST_F_TIMEOUT(lock, created_locks_are_apart, PATIENCE)
{
	struct gil_create create = { .flags = 0 };
	struct gil_lock_stats ours, theirs;
	int fd = ioctl(self->fd, GIL_IOC_CREATE, &create);

	ASSERT_LE(0, fd);
	EXPECT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(0, lock_acquire(fd, 0, 0));
	EXPECT_EQ(0, lock_stats(self->fd, &ours));
	EXPECT_EQ(0, lock_stats(fd, &theirs));
	EXPECT_NE(0, ours.lock);
	EXPECT_NE(0, theirs.lock);
	EXPECT_NE(ours.lock, theirs.lock);
	EXPECT_EQ(0, lock_release(fd, 0));
	EXPECT_LOCK(self->id, 0);
	close(fd);
	EXPECT_LOCK(self->id, 0);
}

TEST_F_TIMEOUT(lock, create_without_descriptors, PATIENCE)
{
	struct gil_create create = { .flags = 0 };
	struct rlimit limit;
	__u32 threads = lock_threads(self->fd);

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_EQ(EMFILE, lock_ioctl(self->fd, GIL_IOC_CREATE, &create));
	EXPECT_EQ(threads, lock_threads(self->fd));
}

TEST_F_TIMEOUT(lock, attach_again_is_the_same, PATIENCE)
{
	struct gil_attach attach = { .id = 0xcccccccc };

	EXPECT_LE(1, self->id);
	EXPECT_GE(GIL_WORD_ID_MASK, self->id);
	EXPECT_NE(self->id, self->a->id);
	EXPECT_EQ(2, lock_threads(self->fd));
	EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_ATTACH, &attach));
	EXPECT_EQ(self->id, attach.id);
	EXPECT_EQ(2, lock_threads(self->fd));
	EXPECT_STATE(self->id, IDLE);
}

TEST_F_TIMEOUT(lock, attach_reports_fast_path, PATIENCE)
{
	struct gil_attach attach = {
		.fast_acquires = 7,
		.fast_io_releases = 3,
	};

	EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_ATTACH, &attach));
	/* The kernel clears them, so that they cannot be counted twice. */
	EXPECT_EQ(0, attach.fast_acquires);
	EXPECT_EQ(0, attach.fast_io_releases);
	attach.fast_acquires = 5;
	EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_ATTACH, &attach));
	EXPECT_EQ(12, thread_counts(self->fd, 0).fast_acquires);
	EXPECT_EQ(3, thread_counts(self->fd, 0).io_releases);
	EXPECT_EQ(0, thread_counts(self->fd, 0).slow_acquires);
}

TEST_F_TIMEOUT(lock, acquire_reports_fast_path, PATIENCE)
{
	struct gil_acquire acquire = {
		.flags = GIL_ACQUIRE_TRY,
		.fast_acquires = 7,
		.fast_io_releases = 3,
	};

	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_EQ(EBUSY, lock_ioctl(self->fd, GIL_IOC_ACQUIRE, &acquire));
	EXPECT_EQ(0, acquire.fast_acquires);
	EXPECT_EQ(0, acquire.fast_io_releases);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	acquire.fast_acquires = 5;
	EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_ACQUIRE, &acquire));
	EXPECT_EQ(12, thread_counts(self->fd, 0).fast_acquires);
	EXPECT_EQ(3, thread_counts(self->fd, 0).io_releases);
	EXPECT_EQ(1, thread_counts(self->fd, 0).slow_acquires);
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

TEST_F_TIMEOUT(lock, acquire_attaches, PATIENCE)
{
	int fd = ASSERT_FD(lock_create(0));

	EXPECT_EQ(0, lock_threads(fd));
	EXPECT_EQ(0, lock_acquire(fd, GIL_ACQUIRE_TRY, 0));
	EXPECT_EQ(1, lock_threads(fd));
	EXPECT_EQ(GIL_STATE_OWNER, thread_state(fd, 0));
}

TEST_F_TIMEOUT(lock, acquire_and_release, PATIENCE)
{
	EXPECT_EQ(EPERM, lock_release(self->fd, 0));
	EXPECT_LOCK(0, 0);
	EXPECT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_LOCK(self->id, 0);
	EXPECT_STATE(self->id, OWNER);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_LOCK(0, 0);
	EXPECT_STATE(self->id, IDLE);
	EXPECT_EQ(EPERM, lock_release(self->fd, 0));
	EXPECT_LOCK(0, 0);
}

TEST_F_TIMEOUT(lock, every_way_to_a_free_lock, PATIENCE)
{
	static const __u32 flags[] = {
		0, GIL_ACQUIRE_TRY, GIL_ACQUIRE_ENQUEUE, GIL_ACQUIRE_KEEP,
		GIL_ACQUIRE_DEADLINE, GIL_ACQUIRE_DEADLINE | GIL_ACQUIRE_KEEP,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(0, lock_acquire(self->fd, flags[i], 0));
		EXPECT_LOCK(self->id, 0);
		EXPECT_EQ(0, lock_release(self->fd, 0));
		EXPECT_LOCK(0, 0);
	}
}

TEST_F_TIMEOUT(lock, owner_may_not_acquire, PATIENCE)
{
	static const __u32 flags[] = {
		0, GIL_ACQUIRE_TRY, GIL_ACQUIRE_ENQUEUE, GIL_ACQUIRE_KEEP,
		GIL_ACQUIRE_DEADLINE,
	};
	unsigned int i;

	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(EDEADLK, lock_acquire(self->fd, flags[i], 0));
		EXPECT_LOCK(self->id, 0);
		EXPECT_STATE(self->id, OWNER);
	}
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

TEST_F_TIMEOUT(lock, fast_owner_may_not_acquire, PATIENCE)
{
	ASSERT_TRUE(fast_acquire(self->page, self->id));
	EXPECT_LOCK(self->id, 0);
	EXPECT_STATE(self->id, OWNER);
	EXPECT_EQ(EDEADLK, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(EDEADLK, lock_acquire(self->fd, GIL_ACQUIRE_TRY, 0));
	EXPECT_LOCK(self->id, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_LOCK(0, 0);
	EXPECT_EQ(0, self->page->word);
}

TEST_F_TIMEOUT(lock, held_by_another, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_acquire));
	EXPECT_LOCK(self->a->id, 0);
	EXPECT_EQ(EBUSY, lock_acquire(self->fd, GIL_ACQUIRE_TRY, 0));
	EXPECT_STATE(self->id, IDLE);
	EXPECT_EQ(EPERM, lock_release(self->fd, 0));
	EXPECT_EQ(EPERM, lock_yield(self->fd));
	EXPECT_EQ(ENOENT, lock_cancel(self->fd));
	EXPECT_LOCK(self->a->id, 0);
	EXPECT_EQ(EINPROGRESS, lock_acquire(self->fd, GIL_ACQUIRE_ENQUEUE, 0));
	EXPECT_STATE(self->id, QUEUED);
	EXPECT_LOCK(self->a->id, 1);
	EXPECT_EQ(EBUSY, lock_acquire(self->fd, GIL_ACQUIRE_TRY, 0));
	EXPECT_EQ(EPERM, lock_release(self->fd, 0));
	EXPECT_EQ(EPERM, lock_yield(self->fd));
	EXPECT_STATE(self->id, QUEUED);
	EXPECT_LOCK(self->a->id, 1);
	EXPECT_EQ(0, lock_cancel(self->fd));
	EXPECT_EQ(ENOENT, lock_cancel(self->fd));
	EXPECT_STATE(self->id, IDLE);
	EXPECT_LOCK(self->a->id, 0);
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_LOCK(0, 0);
}

TEST_F_TIMEOUT(lock, held_by_a_fast_owner, PATIENCE)
{
	ASSERT_EQ(0, actor_do(self->a, act_fast_acquire));
	EXPECT_LOCK(self->a->id, 0);
	EXPECT_EQ(EPERM, lock_release(self->fd, 0));
	EXPECT_EQ(EPERM, lock_yield(self->fd));
	EXPECT_LOCK(self->a->id, 0);
	EXPECT_EQ(EBUSY, lock_acquire(self->fd, GIL_ACQUIRE_TRY, 0));
	EXPECT_LOCK(self->a->id, 0);
	/* If the kernel has taken the lock over, only the kernel can release it. */
	if (actor_do(self->a, act_fast_release))
		EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_LOCK(0, 0);
	EXPECT_EQ(0, self->page->word);
}

TEST_F_TIMEOUT(lock, queue_makes_the_word_the_kernels, PATIENCE)
{
	ASSERT_TRUE(fast_acquire(self->page, self->id));
	EXPECT_EQ(self->id, self->page->word);
	ASSERT_TRUE(actor_queue(self->a));
	EXPECT_EQ(self->id | GIL_WORD_KERNEL, self->page->word);
	EXPECT_FALSE(fast_release(self->page, self->id));
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, actor_end(self->a));
	EXPECT_EQ(self->a->id | GIL_WORD_KERNEL, self->page->word);
	EXPECT_FALSE(fast_acquire(self->page, self->id));
	EXPECT_EQ(0, actor_do(self->a, act_release));
	EXPECT_EQ(0, self->page->word);
	EXPECT_TRUE(fast_acquire(self->page, self->id));
	EXPECT_TRUE(fast_release(self->page, self->id));
}

TEST_F_TIMEOUT(lock, cancel_of_nothing, PATIENCE)
{
	EXPECT_EQ(ENOENT, lock_cancel(self->fd));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(ENOENT, lock_cancel(self->fd));
	EXPECT_LOCK(self->id, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
}

TEST_F_TIMEOUT(lock, yield_alone, PATIENCE)
{
	EXPECT_EQ(EPERM, lock_yield(self->fd));
	ASSERT_EQ(0, lock_acquire(self->fd, 0, 0));
	EXPECT_EQ(0, lock_yield(self->fd));
	EXPECT_LOCK(self->id, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	ASSERT_TRUE(fast_acquire(self->page, self->id));
	EXPECT_EQ(0, lock_yield(self->fd));
	EXPECT_LOCK(self->id, 0);
	EXPECT_EQ(0, lock_release(self->fd, 0));
	EXPECT_EQ(0, thread_counts(self->fd, 0).yields);
}

TEST_F_TIMEOUT(lock, unattached_caller, PATIENCE)
{
	struct gil_thread_stats stats;
	int fd = ASSERT_FD(lock_create(0));

	EXPECT_EQ(EPERM, lock_release(fd, 0));
	EXPECT_EQ(EPERM, lock_yield(fd));
	EXPECT_EQ(ENOENT, lock_cancel(fd));
	EXPECT_EQ(ENOENT, thread_stats(fd, 0, &stats));
	EXPECT_EQ(0, lock_threads(fd));
}

TEST_F_TIMEOUT(lock, interval, PATIENCE)
{
	static const __u64 good[] = {
		GIL_INTERVAL_MIN_NS, 1000000, GIL_INTERVAL_MAX_NS,
	};
	struct gil_lock_stats stats;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		__u64 interval = ~0ULL;

		EXPECT_EQ(0, lock_set_interval(self->fd, good[i]));
		EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_GET_INTERVAL,
					&interval));
		EXPECT_EQ(good[i], interval);
		EXPECT_EQ(good[i], self->page->interval_ns);
		EXPECT_EQ(0, lock_stats(self->fd, &stats));
		EXPECT_EQ(good[i], stats.interval_ns);
	}
}

TEST_F_TIMEOUT(lock, stats_of_another_size, PATIENCE)
{
	struct gil_thread_stats *thread;
	struct gil_lock_stats *lock;
	struct gil_stats ask;
	char room[4096];
	unsigned int i;

	/* For a program newer than the module, the rest is zeroed. */
	memset(room, 0xcc, sizeof(room));
	ask = (struct gil_stats){ .size = 4096, .addr = (uintptr_t)room };
	EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_LOCK_STATS, &ask));
	lock = (void *)room;
	EXPECT_EQ(GIL_INTERVAL_MAX_NS, lock->interval_ns);
	for (i = sizeof(*lock); i < sizeof(room); i++)
		ASSERT_EQ(0, room[i]);

	/* Nothing is written past the size. */
	memset(room, 0xcc, sizeof(room));
	ask.size = sizeof(*thread);
	EXPECT_EQ(0, lock_ioctl(self->fd, GIL_IOC_THREAD_STATS, &ask));
	thread = (void *)room;
	EXPECT_EQ(self->id, thread->id);
	for (i = sizeof(*thread); i < sizeof(room); i++)
		ASSERT_EQ((char)0xcc, room[i]);
}

TEST_F_TIMEOUT(lock, stats_of_a_thread, PATIENCE)
{
	struct gil_thread_stats stats;

	EXPECT_EQ(0, thread_stats(self->fd, self->a->id, &stats));
	EXPECT_EQ(self->a->id, stats.id);
	EXPECT_EQ(self->a->tid, stats.tid);
	EXPECT_STREQ("gil_ioctl", stats.comm);
	EXPECT_EQ(0, stats.pad);
	EXPECT_EQ(0, thread_stats(self->fd, 0, &stats));
	EXPECT_EQ(self->id, stats.id);
	actor_stop(self->a);
	ASSERT_TRUE(until_threads(self->fd, 1));
	EXPECT_EQ(ENOENT, thread_stats(self->fd, self->a->id, &stats));
}

/* This needs about a thousand descriptors. */
TEST_F_TIMEOUT(lock, attached_to_too_many, PATIENCE)
{
	struct gil_acquire acquire = { .fast_io_releases = 5 };
	struct gil_attach attach = { .fast_acquires = 3 };
	int fds[GIL_THREAD_LOCKS_MAX + 1];
	struct rlimit limit;
	unsigned int i, count = ARRAY_SIZE(fds);

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = limit.rlim_max;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	if (limit.rlim_max < count + 100)
		SKIP(return, "only %lu descriptors", limit.rlim_max);
	for (i = 0; i < count; i++)
		fds[i] = ASSERT_FD(lock_create(0));
	/* The fixture's lock counts as one. */
	for (i = 0; i < GIL_THREAD_LOCKS_MAX - 1; i++)
		ASSERT_EQ(0, lock_attach(fds[i], NULL));
	EXPECT_EQ(EMFILE, lock_attach(fds[i], NULL));
	EXPECT_EQ(EMFILE, lock_acquire(fds[i], 0, 0));
	EXPECT_EQ(EMFILE, lock_acquire(fds[i], GIL_ACQUIRE_TRY, 0));
	/* The counts that it did not take are still there. */
	EXPECT_EQ(EMFILE, lock_ioctl(fds[i], GIL_IOC_ATTACH, &attach));
	EXPECT_EQ(3, attach.fast_acquires);
	EXPECT_EQ(EMFILE, lock_ioctl(fds[i], GIL_IOC_ACQUIRE, &acquire));
	EXPECT_EQ(5, acquire.fast_io_releases);
	EXPECT_EQ(0, lock_threads(fds[i]));
	EXPECT_EQ(0, lock_owner(fds[i]));
	/* A lock that was closed no longer counts. */
	close(fds[0]);
	EXPECT_EQ(0, lock_acquire(fds[i], 0, 0));
	EXPECT_EQ(EMFILE, lock_attach(fds[i + 1], NULL));
	for (i = 1; i < count; i++)
		close(fds[i]);
	EXPECT_EQ(0, lock_turn(self->fd));
}

GIL_TEST_MAIN
